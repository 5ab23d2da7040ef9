"""What a model's features meant where it learnt, and whether that is what they mean here."""

import hashlib
from collections.abc import Iterable, Mapping

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

DIGITS = 12
SHOWN = 5  # names in a message


@with_config(ConfigDict(extra="forbid"))
class FeatureRow(TypedDict):
    """A feature as the catalogue describes it, ``window`` in days, and the fingerprint of what it means."""

    name: str
    group: str
    table: str | None
    unit: str
    window: int | None
    en: str
    zh: str
    empty: float | None
    fingerprint: str


def meanings(rows: Iterable[FeatureRow]) -> dict[str, str]:
    """Return name and fingerprint of rows that ``described`` made."""
    return {row["name"]: row["fingerprint"] for row in rows}


def combined(found: Mapping[str, str]) -> str:
    """Return one fingerprint of many features, whatever their order."""
    return digest(" ".join(f"{name}={found[name]}" for name in sorted(found)))


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return a sentence that names the features of ``wanted`` that ``found`` lacks or computes otherwise.

    Empty where there are none; what ``found`` has beyond them does not matter.
    """
    gone = sorted(set(wanted) - set(found))
    changed = sorted(name for name in wanted if name in found and wanted[name] != found[name])
    parts = ((gone, "not there"), (changed, "computed otherwise"))
    return "; ".join(f"{_listed(names)}: {what}" for names, what in parts if names)


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def digest(text: str) -> str:
    """Return the fingerprint of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
