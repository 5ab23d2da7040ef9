"""The rows of one table in several records, one record after another, column by column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from pydantic import BaseModel

EPOCH, MICROSECOND, SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1), timedelta(seconds=1)
OF_ROWS = ("occurred_at", "recorded_at")  # of a row itself: no attribute of its subject
SHARED_IDS = ("product_id", "campaign_id")  # ids by which rows of one record find each other


@dataclass(frozen=True)
class RecordRows:
    """Rows, and whose each is.

    Parameters
    ----------
    key
        The column that joins rows to the subject; each record's subject is its number.
    counts
        How many rows each record has.
    rows
        As they were sent.
    is_carried
        Whether an empty cell means unchanged since the subject's row before.
    """

    key: str
    counts: Sequence[int]
    rows: Sequence[BaseModel]
    is_carried: bool = False

    @classmethod
    def of(cls, key: str, table: str, records: Sequence[BaseModel]) -> "RecordRows":
        """Take the rows of one table out of the records."""
        parts = [getattr(record, table) for record in records]
        counts = [len(part) for part in parts]
        is_carried = table == "members" and any(count > 1 for count in counts)
        return cls(key, counts, list(chain.from_iterable(parts)), is_carried)

    @cached_property
    def owner(self) -> np.ndarray:
        """The number of each row's record, shape (rows,), rising."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def _states(self) -> list[list[tuple[int, list[int]]]]:
        """By subject when its rows happened, and which these are; those known first come first."""
        found: dict[int, dict[tuple[int, int], list[int]]] = {}
        for at, (owner, row) in enumerate(zip(self.owner.tolist(), self.rows, strict=True)):
            happened, recorded = row.occurred_at, row.recorded_at  # type: ignore[attr-defined]
            event = (happened - EPOCH) // SECOND
            known = event if recorded is None else max(event, (recorded - EPOCH) // SECOND)
            found.setdefault(owner, {}).setdefault((known, event), []).append(at)
        return [[(event, rows) for (_, event), rows in sorted(one.items())] for one in found.values()]

    def _filled(self, values: list[Any]) -> list[Any]:
        """As ``features.carried_attributes``: what happened last of what was known before, in empty cells."""
        if not self.is_carried or None not in values:
            return values
        found = values.copy()
        for states in self._states:
            last, before = None, None
            for event, rows in states:
                told = [values[at] for at in rows if values[at] is not None]
                for at in rows:
                    found[at] = before if values[at] is None else values[at]
                if told and (last is None or event >= last):
                    last, before = event, max(told)
        return found

    def values(self, column: str) -> list[Any]:
        """Return a column of the contract; no record finds a product or campaign of another."""
        if column == self.key:
            return list(map(str, self.owner.tolist()))
        found = list(map(attrgetter(column), self.rows))
        if column not in SHARED_IDS:
            return found if column in OF_ROWS else self._filled(found)
        if len(self.counts) == 1:
            return found
        return [value and f"{at}:{value}" for at, value in zip(self.owner.tolist(), found, strict=True)]

    def own_values(self, column: str, category: bool) -> list[Any]:
        """Return an own attribute; ``ValueError`` where the model knows another kind of value."""
        return self._filled([own_value(row, column, category) for row in self.rows])


def microseconds(values: Iterable[datetime | None]) -> list[int | None]:
    """Return times as whole microseconds since 1970."""
    return [None if value is None else (value - EPOCH) // MICROSECOND for value in values]


def own_value(row: BaseModel, column: str, category: bool) -> Any:
    """Return the value of an own attribute; ``ValueError`` where the model knows another kind of value."""
    value = (row.model_extra or {}).get(column)
    if value is None:
        return None
    if category and isinstance(value, str | bool):
        return str(value).lower() if isinstance(value, bool) else value  # as truth values read in files
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not category and is_number and abs(value) <= 1e15:
        return float(value)
    raise ValueError("must be a text or a truth value" if category else "must be a number up to 1e15")
