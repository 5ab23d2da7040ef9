"""Lines of a readout in both languages."""

from collections.abc import Iterable

from features.lifecycle import STAGES
from models.phrases import LANGUAGES, catalogue, value_words
from training.acting.groups import UNKNOWN

BOTH = LANGUAGES


def line(key: str, language: str, **values: object) -> str:
    """Return a line of a readout with its values set in."""
    return str(catalogue()["acting"]["lines"][key][language]).format(**values)


def unit(name: str, language: str) -> str:
    """Return what numbers of ``answers`` or ``added answers`` are called."""
    return str(catalogue()["acting"]["units"][name][language])


def in_order(kind: str, names: Iterable[str]) -> list[str]:
    """Return a layer's values as they are read: stages as a relation runs, tiers by name, unknown last."""
    order = {name: at for at, name in enumerate(STAGES)}
    every = list(names)
    if kind == "stage":
        every.sort(key=lambda name: order.get(name, len(order)))
    elif kind.endswith("tier"):
        every.sort()
    return sorted(every, key=lambda name: name == UNKNOWN)


def group_words(kind: str, name: str, language: str) -> str:
    """Return the name of a layer's value, such as a stage or a region, or of a channel or content."""
    if kind == "stage" and name in STAGES:
        return str(STAGES[name][LANGUAGES.index(language)])
    return line("unknown", language) if name == UNKNOWN else value_words(name)[language]
