"""Observed outcome rates by value of each input: the evidence behind a reason."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from models.learners.encoder import FEW, Column, Encoder

PARTS = 10


def observed(frame: pl.DataFrame, label: Sequence[int] | np.ndarray, encoder: Encoder) -> dict[str, Any]:
    """Rows and outcome rate in each part of every input's range, as it goes into the card.

    Parameters
    ----------
    frame, label
        Development rows and their 0/1 outcomes, shape (rows,).

    Returns
    -------
    By input: for a number ``edges`` (ascending; part ``i`` is ``edges[i-1] <= value < edges[i]``),
    for a category ``categories``; with them ``n`` (rows) and ``rate`` (share of 1), one entry a
    part and a last one for missing or unseen values. ``rate`` is None where ``n`` is 0.
    Numbers have ``span`` as well: the least and the greatest.
    """
    y = np.asarray(label, dtype=np.float64)
    return {column.name: _observed(frame[column.name], y, column) for column in encoder.columns}


def _observed(values: pl.Series, y: np.ndarray, column: Column) -> dict[str, Any]:
    entry: dict[str, Any]
    if column.categories is None:
        entry = {"edges": edges(values.cast(pl.Float64).drop_nulls().drop_nans().to_numpy())}
    else:
        entry = {"categories": list(column.categories)}
    part = parts(values, entry)
    size = len(next(iter(entry.values()))) + (2 if "edges" in entry else 1)
    n = np.bincount(part, minlength=size)
    hits = np.bincount(part, weights=y, minlength=size)
    rate = [round(float(h / c), 6) if c else None for h, c in zip(hits, n, strict=True)]
    return entry | {"n": n.tolist(), "rate": rate} | _span(values, column)


def _span(values: pl.Series, column: Column) -> dict[str, Any]:
    """``span``: the least and the greatest number there was."""
    there = values.cast(pl.Float64).drop_nulls().drop_nans() if column.categories is None else values.head(0)
    return {} if there.is_empty() else {"span": [float(there.min()), float(there.max())]}


def edges(values: np.ndarray, count: int = PARTS) -> list[float]:
    """Inner edges of at most ``count`` parts of about equal size; zero, where least, is one of its own."""
    if not len(values):
        return []
    distinct = np.unique(values)
    if len(distinct) <= count:
        return [float(v) for v in distinct[1:]]
    cuts = np.quantile(values, np.arange(1, count) / count, method="lower")
    if distinct[0] == 0:
        cuts = np.append(cuts, distinct[1])
    return [float(v) for v in np.unique(cuts) if v > distinct[0]]


def parts(values: pl.Series, entry: Mapping[str, Any]) -> np.ndarray:
    """The part that each value falls into, shape (rows,); the last one where missing or unseen."""
    if "edges" in entry:
        numbers = values.to_numpy().astype(np.float64)  # missing is NaN
        found = np.searchsorted(np.asarray(entry["edges"], dtype=np.float64), numbers, side="right")
        return np.where(np.isnan(numbers), len(entry["edges"]) + 1, found)
    codes = {name: code for code, name in enumerate(entry["categories"])}
    if len(values) <= FEW:
        return np.array([codes.get(value, len(codes)) for value in values.cast(pl.String)], dtype=np.int64)
    coded = values.cast(pl.String).replace_strict(codes, default=len(codes), return_dtype=pl.Int64)
    return coded.fill_null(len(codes)).to_numpy()
