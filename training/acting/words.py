"""Reasons of a plan in both languages."""

from models.acting.plan import REASONS
from models.phrases import LANGUAGES, catalogue

BOTH = LANGUAGES


def reasons(language: str) -> dict[str, str]:
    """Return what each code of ``REASONS`` means."""
    words = catalogue()["acting"]["reasons"]
    return {code: words[code][language] for code in REASONS}


def line(key: str, language: str, **values: object) -> str:
    """Return a line of a readout with its values set in."""
    return str(catalogue()["acting"]["lines"][key][language]).format(**values)
