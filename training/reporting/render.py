"""HTML from report data: templates, words, figures."""

import json
import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from models import approval
from models.phrases import value_words
from training.reporting import words
from training.reporting.build import NAMES, Report
from training.reporting.charts import figures
from training.reporting.words import (
    HTML_LANGUAGE,
    both,
    estimate,
    interval,
    minus,
    number,
    share,
    tell,
    times,
    whole,
)

HERE = Path(__file__).parent
BESIDE = re.compile('<script type="application/json" id="report-beside">(.*?)</script>', re.DOTALL)


class Templates(Environment):
    """Templates in which ``a.b`` is what stands in ``a`` under ``b``, be it called as a method of dicts is.

    Jinja itself takes the method, which is always true.
    """

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an item of a mapping, else what Jinja finds."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@cache
def environment() -> Environment:
    """Return templates that refuse an unknown name, with the words and numbers they use."""
    found = Templates(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals |= {
        "t": tell,
        "both": both,
        "said": words.said,
        "band_words": words.band_words,
        "value_words": value_words,
        "html_language": HTML_LANGUAGE,
    }
    found.filters |= {
        "num": number,
        "share": share,
        "times": times,
        "est": estimate,
        "interval": interval,
        "whole": whole,
        "signed": lambda value: minus(f"{value:+.2f}"),
        "count": lambda value: f"{value:,}",
        "day": lambda moment: str(moment)[:10],
    }
    return found


def page(report: Report, beside: dict[str, Any]) -> str:
    """Return the report as one page that needs nothing else.

    ``beside`` is what changes while the report stays (see ``training.reporting.page_state``): the page keeps
    it, so that it can be made again and compared.
    """
    sections: dict[str, object] = {**report["sections"], "challenger": beside["challenger"]}
    whole = {**report, "sections": {name: sections[name] for name in NAMES}}
    drawn = {name: Markup(svg) for name, svg in figures.draw(whole).items()}
    held = approval.holding(beside["signatures"], beside["report"])
    return rendered(
        "report.html.j2",
        report=whole,
        figures=drawn,
        beside=beside,
        signatures=beside["signatures"],
        people={"word": approval.word(held), "rows": held},
        embedded=embedded(report),
        kept=embedded(beside),
        language=beside["language"],
        t=partial(_told, report["task"]),
    )


def embedded_facts(html: str) -> dict[str, Any] | None:
    """Return what ``page`` kept of its ``beside``; None where the page has none that can be read."""
    found = BESIDE.search(html)
    try:
        return None if found is None else json.loads(found[1])
    except json.JSONDecodeError:
        return None


def is_page_of(html: str, report: Report) -> bool:
    """Tell whether ``html`` is, to the letter,
    what ``page`` makes of ``report`` and of what the page kept.
    """
    beside = embedded_facts(html)
    try:
        return beside is not None and page(report, beside) == html
    except (KeyError, TypeError, ValueError, TemplateError):
        return False  # what it kept is no state that this code knows


def index(reports: list[dict[str, Any]], versions: list[dict[str, Any]], language: str = "auto") -> str:
    """Return the page that links the reports of all tasks of a data set, and their kept versions."""
    return rendered("index.html.j2", reports=reports, versions=versions, language=language)


def _told(task: str, key: str, /, **values: Any) -> Markup:
    """The text of a key as HTML, in the task's own words where it has them."""
    return tell(words.of_task(key, task), **values)


def embedded(report: Mapping[str, Any]) -> Markup:
    """Return the data as JSON that can stand inside a script element."""
    text = json.dumps(report, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def rendered(template: str, **values: Any) -> str:
    """Return a page of the report's style and script, which needs nothing else."""
    style, script = ((HERE / "templates" / name).read_text() for name in ("style.css", "page.js"))
    return environment().get_template(template).render(style=Markup(style), script=Markup(script), **values)
