"""Aggregates of the rows of several subjects that stand one subject after another, on numpy.

The counterparts of what ``features.operations`` and ``features.windows`` say of the rows of one subject.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from features.operations import AGGREGATES, Column, Operation, Unsupported, Value, taken
from features.windows import difference, grouped, rank

LEAST = {"min": np.minimum, "max": np.maximum}
# By aggregate and kind of value what is never the extreme while anything else is there.
FARTHEST: Mapping[tuple[str, str], Any] = {
    ("min", "b"): True, ("min", "i"): np.int64(2**63 - 1), ("min", "f"): np.inf,
    ("max", "b"): False, ("max", "i"): np.int64(-(2**63)), ("max", "f"): -np.inf,
}  # fmt: skip


@dataclass(frozen=True)
class Segments:
    """Which rows are whose.

    Parameters
    ----------
    owner
        The place of each row's subject, shape (rows,), rising from 0; every subject has a row.
    starts
        The first row of each subject, shape (subjects,).
    """

    owner: np.ndarray
    starts: np.ndarray
    _counts: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, subjects: np.ndarray) -> "Segments":
        """Take the number of each row's subject, shape (rows,), rising; some may have no row."""
        is_first = np.ones(len(subjects), dtype=bool)
        is_first[1:] = subjects[1:] != subjects[:-1]
        return cls(np.cumsum(is_first) - 1, np.flatnonzero(is_first))

    @cached_property
    def sizes(self) -> np.ndarray:
        """How many rows each subject has, shape (subjects,)."""
        return np.diff(self.starts, append=len(self.owner))

    def spread(self, value: Value) -> Value:
        """Return what belongs to subjects, once for each of their rows."""
        return taken(value, self.owner)

    def counted(self, column: Column) -> tuple[np.ndarray, np.ndarray | None]:
        """Return how many values each subject has, shape (subjects,), and who has any, None if all."""
        mask = column.valid
        if mask is None:
            return self.sizes, None
        if id(mask) not in self._counts:  # many columns share a mask, which is held: its id stays its own
            counts = self.total(mask)
            there = None if np.count_nonzero(counts) == len(counts) else counts > 0
            self._counts[id(mask)] = mask, counts, there
        return self._counts[id(mask)][1:]

    def total(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of each subject's values; of truth values how many are true."""
        return np.add.reduceat(values.astype(np.int64) if values.dtype == bool else values, self.starts)


def _column(value: Value) -> Column:
    if not isinstance(value, Column):
        raise Unsupported("an aggregate of a scalar")
    return value


def _sum(whose: Segments, value: Value) -> Column:
    values, valid = _column(value)
    if valid is None or values.dtype == bool:
        return Column(whose.total(values))
    is_whole = values.dtype == np.int64  # what stands where nothing is valid may be no number at all
    return Column(whose.total(values * valid if is_whole else np.where(valid, values, 0.0)))


def _count(whose: Segments, value: Value) -> Column:
    return Column(whose.counted(_column(value))[0])


def _mean(whose: Segments, value: Value) -> Column:
    counts, there = whose.counted(_column(value))
    return Column(_sum(whose, value).values / np.maximum(counts, 1), there)


def _n_unique(whose: Segments, value: Value) -> Column:
    """How many different values; null is one of them."""
    column = _column(value)
    counts, known = whose.counted(column)[0], column.known().tolist()
    ends = np.cumsum(counts).tolist()
    found = [len(set(known[start:end])) for start, end in zip([0, *ends], ends, strict=False)]
    return Column(np.array(found) + (counts < whose.sizes))


def _extreme(name: str, whose: Segments, value: Value) -> Value:
    if not isinstance(value, Column):
        return value
    values, valid = value
    if values.dtype == object:
        return _extreme_text(max if name == "max" else min, whose, value)
    if valid is not None:
        values = np.where(valid, values, FARTHEST[name, values.dtype.kind])
    found, there = LEAST[name].reduceat(values, whose.starts), whose.counted(value)[1]
    return Column(found if there is None or found.dtype != bool else found & there, there)


def _extreme_text(of_list: Callable[..., Any], whose: Segments, value: Column) -> Column:
    found: list[Any] = [None] * len(whose.starts)
    owner = whose.owner if value.valid is None else whose.owner[value.valid]
    for at, one in zip(owner.tolist(), value.known().tolist(), strict=True):
        found[at] = one if found[at] is None else of_list(found[at], one)
    return Column.of(found, object)


def _grouped(operation: Operation, whose: Segments, value: Value, *keys: Column) -> Column:
    return grouped(operation, value, Column(whose.owner), *keys)


def _difference(whose: Segments, value: Column, order: Column) -> Column:
    if value.valid is not None or order.valid is not None:
        raise Unsupported("differences of nulls")
    by = np.lexsort((order.values, whose.owner))
    found, valid = np.zeros(len(by), dtype=value.values.dtype), np.ones(len(by), dtype=bool)
    found[by[1:]] = np.diff(value.values[by])
    valid[by[whose.starts]] = False
    return Column(np.where(valid, found, found.dtype.type(0)), valid)


def _rank(whose: Segments, value: Column) -> Column:
    if value.valid is not None:
        raise Unsupported("ranks of nulls")
    by = np.lexsort((value.values, whose.owner))
    ordered, at = value.values[by], np.arange(len(by))
    is_new = np.ones(len(by), dtype=bool)
    is_new[1:] = (np.diff(ordered) != 0) | (np.diff(whose.owner) != 0)
    first, found = np.maximum.accumulate(np.where(is_new, at, 0)), np.empty(len(by), dtype=np.int64)
    found[by] = first - whose.starts[whose.owner] + 1
    return Column(found)


AGGREGATED: Mapping[str, Operation] = {
    "sum": _sum, "count": _count, "mean": _mean, "n_unique": _n_unique,
    "min": partial(_extreme, "min"), "max": partial(_extreme, "max"),
}  # fmt: skip
# What an operation over the rows of one subject is over those of several; the segments come first.
BY_SUBJECT: Mapping[Operation, Operation] = {AGGREGATES[name]: found for name, found in AGGREGATED.items()}
ROW_BY_ROW: Mapping[Operation, Operation] = {difference: _difference, rank: _rank}


def row_by_row(operation: Operation) -> Operation | None:
    """Return the counterpart of a window; None where ``operation`` is none."""
    if isinstance(operation, partial) and operation.func is grouped:
        return partial(_grouped, operation.args[0])
    return ROW_BY_ROW.get(operation)
