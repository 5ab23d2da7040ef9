"""What is computed for each row of one subject from its others, on numpy; see ``features.operations``."""

from collections.abc import Callable
from typing import Any

import numpy as np

from features.operations import Column, Unsupported, Value, listed


def grouped(aggregate: Callable[[Value], Any], value: Value, *keys: Column) -> Column:
    """Return, for each row, the aggregate of the rows that have its keys; empty keys are equal."""
    places: dict[Any, list[int]] = {}
    for at, key in enumerate(zip(*map(listed, keys), strict=True)):
        places.setdefault(key, []).append(at)
    if not isinstance(value, Column):
        raise Unsupported("an aggregate of a scalar")
    values, valid = value
    found: list[Any] = [None] * len(values)
    for rows in places.values():
        told = aggregate(Column(values[rows], None if valid is None else valid[rows]))
        for at in rows:
            found[at] = told
    return Column.of(found, values.dtype)


def difference(value: Column, order: Column) -> Column:
    """Return what each value is more than the one before it, by ``order``; null for the first."""
    if value.valid is not None or order.valid is not None:
        raise Unsupported("differences of nulls")
    by = np.argsort(order.values, kind="stable")
    found, valid = np.zeros(len(by), dtype=value.values.dtype), np.ones(len(by), dtype=bool)
    found[by[1:]] = np.diff(value.values[by])
    valid[by[:1]] = False
    return Column(found, valid)


def rank(value: Column) -> Column:
    """Return 1 and how many values are less, for each."""
    if value.valid is not None:
        raise Unsupported("ranks of nulls")
    return Column(np.searchsorted(np.sort(value.values), value.values) + 1)
