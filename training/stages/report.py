"""Stage ``report``: one file for reviewers, from what the stages before it wrote."""

import json
import shutil
from pathlib import Path
from typing import Any

from models import approval
from models.fitted.release_format import SIGNATURES
from training.data.artifacts import read_artifact, write_artifact
from training.io import read_json, say, sha256, write_json, write_text
from training.params import Params
from training.reporting.build import Report, build
from training.reporting.info import load
from training.reporting.page_state import beside
from training.reporting.render import index, is_page_of, page
from training.reporting.sections.challenger import challenger
from training.reporting.sections.coverage import tested
from training.reporting.sections.verdict import verdict
from training.reporting.source import Source, one_of
from training.results.challenger import Challenger
from training.results.tested import Tested
from training.review.signoff import digest, rows

LARGEST = 3_000_000  # bytes: a report is sent by mail and opened on a phone


class AnotherPageError(ValueError):
    """The page that lies there is not what the report renders to."""


def report(params: Params, name: str) -> None:
    """Write ``report.json`` and ``report.html`` of one task, and the index of the data set."""
    source = Source(params, name, load(params.data, name))
    found = build(source)
    write_artifact(params.results / name, Report, json.loads(json.dumps(found, allow_nan=False)))
    write_artifact(params.results / name, Challenger, challenger(source))
    write_artifact(source.folder, Tested, tested(source))
    write_pages(params, name)


def write_pages(params: Params, name: str) -> None:
    """Write the pages of one task and the index, from ``report.json`` and what stands beside it.

    The service is told the signatures, too. ``ValueError`` where the report would be larger than 3 MB.
    """
    out = params.results / name
    html = rendered(params, name)
    write_text(out / "report.html", html)
    write_index(params)
    tell_service(params, name)
    status = one_of(read_artifact(Report, out)["sections"], verdict)["status"]
    held = approval.holding(rows(params, name), digest(params, name))
    say(f"{name}: {out / 'report.html'}, {len(html.encode()) / 1e6:.1f} MB, {status}, {approval.word(held)}")


def rendered(params: Params, name: str) -> str:
    """Return the task's page as it is now; ``ValueError`` where it would be larger than 3 MB."""
    path = params.results / name / "report.json"
    html = page(read_artifact(Report, path.parent), beside(params, name))
    if (size := len(html.encode())) > LARGEST:
        raise ValueError(f"{path.with_suffix('.html')}: {size:,} bytes, allowed are {LARGEST:,}")
    return html


def require_page(params: Params, name: str) -> None:
    """Raise ``AnotherPageError`` where the page that lies there is not what ``report.json`` renders to."""
    path = params.results / name / "report.html"
    if path.exists() and not is_page_of(path.read_text(), read_artifact(Report, path.parent)):
        raise AnotherPageError(
            f"{path}: is not what report.json renders to: it was edited, or made by other code; "
            f"make it again with `memberlens report {name}`, and read it again"
        )


def tell_service(params: Params, name: str) -> None:
    """Put the signatures where the service finds them, beside the released champion."""
    write_json(params.build / name / SIGNATURES, rows(params, name))


def write_index(params: Params) -> None:
    """Write the page that links the reports of all tasks and their kept versions."""
    write_text(
        params.results / "index.html", index(_reports(params), _versions(params), params.report.language)
    )


def keep(params: Params, name: str) -> Path:
    """Keep the present report in ``reports/``, where signed and released versions stay; return the page.

    The page is made again, so that what is kept is what was signed, whatever lies in the folder.
    """
    out = params.results / "reports" / f"{name}-{digest(params, name)[:12]}"
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(params.results / name / "report.json", out.with_suffix(".json"))
    write_text(out.with_suffix(".html"), rendered(params, name))
    return out.with_suffix(".html")


def _versions(params: Params) -> list[dict[str, Any]]:
    """What the index says of each kept version, by task, the newest data first."""
    found = []
    for path in sorted((params.results / "reports").glob("*.json")):
        data = read_json(path)
        facts = {key: data[key] for key in ("task", "extracted_at")}
        status = data["sections"]["verdict"]["status"]
        own = people(params, data["task"], sha256(path))
        found.append(facts | own | {"status": status, "file": path.with_suffix(".html").name})
    found.sort(key=lambda row: row["extracted_at"], reverse=True)
    return sorted(found, key=lambda row: row["task"])


def _reports(params: Params) -> list[dict[str, object]]:
    """What the index says of each task that has a report."""
    tasks = [task for task in params.tasks if (params.results / task / "report.json").exists()]
    return [
        read_json(params.results / task / "report.json")  # of another task, maybe of an older shape
        | {"sha256": (present := digest(params, task)), **people(params, task, present)}
        for task in tasks
    ]


def people(params: Params, name: str, report: str) -> dict[str, Any]:
    """Return what people decided about the report with this hash: ``word``,
    and the ``decisions`` that hold.
    """
    held = approval.holding(rows(params, name), report)
    return {"word": approval.word(held), "decisions": held}
