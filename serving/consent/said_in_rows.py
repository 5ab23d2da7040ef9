"""What the rows of a record say about consent in the end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from features.consent import FACTS

AHEAD = timedelta(seconds=60)  # what the clocks of two machines may differ by
STRICTER = ("granted", "unknown", "withdrawn")  # the later the stricter


def newest(rows: Sequence[BaseModel], until: datetime) -> dict[str, Any]:
    """Return of each fact the newest value that is there, of one moment the strictest.

    Of rows after ``until`` only what suppresses counts: nobody has agreed yet at a moment that lies ahead.
    """
    found: dict[str, Any] = {}
    for name in FACTS:
        told = [
            (row.occurred_at, _strictness(value), value)  # type: ignore[attr-defined]
            for row in rows
            if (value := getattr(row, name, None)) is not None
            and (row.occurred_at <= until or value is True or value == STRICTER[-1])  # type: ignore[attr-defined]
        ]
        if told:
            found[name] = max(told, key=lambda one: one[:2])[2]
    return found


def _strictness(value: str | int) -> int:
    """Words by their order; that somebody has died, and the later year of birth, are stricter too."""
    return STRICTER.index(value) if isinstance(value, str) else int(value)
