"""The one catalogue of the report's words, in English and Chinese."""

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from features import unique_yaml
from models.phrases import LANGUAGES, percent

FILE = Path(__file__).with_name("strings.yaml")
HTML_LANGUAGE = {"en": "en", "zh": "zh-CN"}


@cache
def strings() -> dict[str, dict[str, str]]:
    """By key the text in each language; ``ValueError`` where one is missing or differs in its numbers."""
    return {key: _checked(key, texts) for key, texts in unique_yaml.read(FILE).items()}


def _checked(key: str, texts: Any) -> dict[str, str]:
    if not (isinstance(texts, list) and len(texts) == len(LANGUAGES) and all(map(_is_text, texts))):
        raise ValueError(f"{FILE.name}: {key}: needs a text in each of {LANGUAGES}, found {texts!r}")
    fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
    if fields[0] != fields[1]:
        raise ValueError(f"{FILE.name}: {key}: the languages name different values, {fields}")
    return dict(zip(LANGUAGES, texts, strict=True))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def said(key: str, **values: Any) -> dict[str, str]:
    """A text in each language with the same values in it; ``KeyError`` names a missing one.

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
    """HTML with both languages, of which the page shows one."""
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
    """``said`` as HTML."""
    return both(said(key, **values))


def number(value: float | None, places: int = 3) -> str:
    """A number with fixed places and thousands apart; a dash where there is none."""
    return "–" if value is None else f"{value:,.{places}f}"


def share(value: float | None) -> str:
    """A share of 1 as per cent; a dash where there is none."""
    return "–" if value is None else _unbroken(percent(value))


def times(value: float | None) -> str:
    """A multiple, such as a lift."""
    return "–" if value is None else f"{value:.2f}×"


def points(value: float | None) -> str:
    """A difference of shares in percentage points, with its sign."""
    return "–" if value is None else f"{100 * value:+.1f}"


SHOWN = {"number": number, "share": share, "times": times, "points": points}


def estimate(found: Mapping[str, Any] | None, kind: str = "number") -> str:
    """A point with its 95 % interval, ``39 % [37–41]``."""
    if found is None or found.get("value") is None:
        return "–"
    show = SHOWN[kind]
    if found.get("low") is None or found.get("high") is None:
        return show(found["value"])
    low, high = (show(found[end]).rstrip("×%\N{NO-BREAK SPACE}") for end in ("low", "high"))
    between = ", " if kind == "points" else "–"
    return f"{show(found['value'])} [{low}{between}{high}]"
