"""The one catalogue of the report's words, in English and Chinese."""

import re
import string
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from features import unique_yaml
from models.phrases import LANGUAGES, percent

FILE = Path(__file__).with_name("strings.yaml")
# Of the model's report; of briefs and readouts; of what scenes brought.
FILES = (FILE, FILE.with_name("acting.yaml"), FILE.with_name("scenes.yaml"))
HTML_LANGUAGE = {"en": "en", "zh": "zh-CN"}
BETWEEN = {"en": "; ", "zh": "；"}  # of a list in a sentence


@cache
def strings() -> dict[str, dict[str, str]]:
    """Return the text in each language by key.

    ``ValueError``: one is missing, twice, or differs in numbers.
    """
    found: dict[str, dict[str, str]] = {}
    for path in FILES:
        texts = unique_yaml.read(path)
        if twice := found.keys() & texts.keys():
            raise ValueError(f"{path.name}: {min(twice)}: stands in another file already")
        found |= {key: _checked(key, text, path.name) for key, text in texts.items()}
    return found


def _checked(key: str, texts: Any, source: str = FILE.name) -> dict[str, str]:
    if not (isinstance(texts, list) and len(texts) == len(LANGUAGES) and all(map(_is_text, texts))):
        raise ValueError(f"{source}: {key}: needs a text in each of {LANGUAGES}, found {texts!r}")
    fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
    if fields[0] != fields[1]:
        raise ValueError(f"{source}: {key}: the languages name different values, {fields}")
    return dict(zip(LANGUAGES, texts, strict=True))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def said(key: str, **values: Any) -> dict[str, str]:
    """Return a text in each language with the same values in it; ``KeyError`` names a missing one.

    A value that is itself a text in each language is told in the language around it.
    """
    if key not in strings():
        raise KeyError(f"{FILE.name}: no text for {key!r}")
    return {
        language: text.format(**{name: _in(value, language) for name, value in values.items()})
        for language, text in strings()[key].items()
    }


def _in(value: Any, language: str) -> Any:
    return value[language] if isinstance(value, Mapping) else value


def both(texts: Mapping[str, str]) -> Markup:
    """Return HTML with both languages, of which the page shows one."""
    return Markup("").join(
        Markup('<span lang="{}">{}</span>').format(
            HTML_LANGUAGE[language], escape(_unbroken(texts[language]))
        )
        for language in LANGUAGES
    )


def _unbroken(text: str) -> str:
    """No line break between a number and its per cent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def tell(key: str, **values: Any) -> Markup:
    """Return ``said`` as HTML."""
    return both(said(key, **values))


def of_task(key: str, task: str) -> str:
    """Return the key of the task's own words, where the catalogue has them: what a positive is called."""
    own = f"{key}.{task}"
    return own if own in strings() else key


def band_words(name: str, task: str) -> dict[str, str]:
    """Return what a band is called in each language; a letter or a number is its own name."""
    key = of_task(f"band.name.{name}", task)
    return said(key) if key in strings() else dict.fromkeys(LANGUAGES, name)


def joined(texts: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Return several texts as one list, in each language."""
    every = list(texts)
    return {language: BETWEEN[language].join(str(text[language]) for text in every) for language in LANGUAGES}


def number(value: float | None, places: int = 3) -> str:
    """Write a number with fixed places and thousands apart; a dash where there is none."""
    return "–" if value is None else minus(f"{value:,.{places}f}")


def whole(value: float | None) -> str:
    """Write a number without places, such as an amount of money."""
    return number(value, 0)


def minus(text: str) -> str:
    """Write a true minus instead of the hyphen, none before a zero.

    Examples
    --------
    >>> minus("-0.25"), minus("-0.0"), minus("+1.5")
    ('−0.25', '0.0', '+1.5')
    """
    bare = text.removeprefix("-")
    return text if bare == text else f"−{bare}" if re.search("[1-9]", bare) else bare


def share(value: float | None) -> str:
    """Write a share of 1 as per cent; a dash where there is none."""
    if value is None:
        return "–"
    text = _unbroken(percent(abs(value)))
    return minus(f"-{text}") if value < 0 else text


def times(value: float | None) -> str:
    """Write a multiple, such as a lift."""
    return "–" if value is None else minus(f"{value:.2f}×")


def points(value: float | None) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    return "–" if value is None else minus(f"{100 * value:+.1f}")


def tenths(value: float | None) -> str:
    """Write a number with one decimal place."""
    return number(value, 1)


def hundredths(value: float | None) -> str:
    """Write a number with two decimal places."""
    return number(value, 2)


SHOWN = {
    "number": number, "share": share, "times": times, "points": points, "whole": whole, "tenths": tenths,
    "hundredths": hundredths,
}  # fmt: skip


def interval(found: Mapping[str, Any], kind: str = "number") -> str:
    """Write the 95 % interval alone, ``[37–41]``; a comma stands between ends of which one is negative."""
    low, high = (SHOWN[kind](found[end]).rstrip("×%\N{NO-BREAK SPACE}") for end in ("low", "high"))
    between = ", " if kind == "points" or "−" in (low[:1], high[:1]) else "–"
    return f"[{low}{between}{high}]"


def estimate(found: Mapping[str, Any] | None, kind: str = "number") -> str:
    """Write a point with its 95 % interval, ``39 % [37–41]``."""
    if found is None or found.get("value") is None:
        return "–"
    point = SHOWN[kind](found["value"])
    if found.get("low") is None or found.get("high") is None:
        return point
    return f"{point} {interval(found, kind)}"
