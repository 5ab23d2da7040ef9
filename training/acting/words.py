"""Lines of a readout in both languages."""

from features.lifecycle import STAGES
from models.phrases import LANGUAGES, catalogue, value_words

BOTH = LANGUAGES


def line(key: str, language: str, **values: object) -> str:
    """Return a line of a readout with its values set in."""
    return str(catalogue()["acting"]["lines"][key][language]).format(**values)


def unit(name: str, language: str) -> str:
    """Return what numbers of ``answers`` or ``added answers`` are called."""
    return str(catalogue()["acting"]["units"][name][language])


def group_words(kind: str, name: str, language: str) -> str:
    """Return the name of a stage or a region."""
    if kind == "stage" and name in STAGES:
        return str(STAGES[name][LANGUAGES.index(language)])
    return line("unknown", language) if name == "unknown" else value_words(name)[language]
