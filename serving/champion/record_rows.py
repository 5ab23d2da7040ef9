"""The rows of one table in several records, one record after another, column by column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
from pydantic import BaseModel

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
SHARED_IDS = ("product_id", "campaign_id")  # ids by which rows of one record find each other


@dataclass(frozen=True)
class RecordRows:
    """Rows, and whose each is.

    Parameters
    ----------
    key
        The column that joins rows to the subject; each record's subject is its number.
    owner
        The number of each row's record, shape (rows,), rising.
    rows
        As they were sent.
    most
        How many rows the record with the most of them has.
    """

    key: str
    owner: np.ndarray
    rows: Sequence[BaseModel]
    most: int

    @classmethod
    def of(cls, key: str, table: str, records: Sequence[BaseModel]) -> "RecordRows":
        """Take the rows of one table out of the records."""
        parts = [getattr(record, table) for record in records]
        counts = [len(part) for part in parts]
        rows = list(chain.from_iterable(parts))
        return cls(key, np.repeat(np.arange(len(parts)), counts), rows, max(counts, default=0))

    def values(self, column: str) -> list[Any]:
        """Return a column of the contract; no record finds a product or campaign of another."""
        if column == self.key:
            return list(map(str, self.owner.tolist()))
        found = list(map(attrgetter(column), self.rows))
        if column not in SHARED_IDS:
            return found
        return [value and f"{at}:{value}" for at, value in zip(self.owner.tolist(), found, strict=True)]

    def own_values(self, column: str, category: bool) -> list[Any]:
        """Return an own attribute; ``ValueError`` where the model knows another kind of value."""
        return [own_value(row, column, category) for row in self.rows]


def microseconds(values: Iterable[datetime | None]) -> list[int | None]:
    """Return times as whole microseconds since 1970."""
    return [None if value is None else (value - EPOCH) // MICROSECOND for value in values]


def own_value(row: BaseModel, column: str, category: bool) -> Any:
    """The value of an own attribute; ``ValueError`` where the model knows another kind of value."""
    value = (row.model_extra or {}).get(column)
    if value is None:
        return None
    if category and isinstance(value, str | bool):
        return str(value).lower() if isinstance(value, bool) else value  # as truth values read in files
    if not category and isinstance(value, int | float) and abs(value) <= 1e15:
        return float(value)
    raise ValueError("must be a text or a truth value" if category else "must be a number up to 1e15")
