"""Observed outcome rates by value of each input: the evidence behind a reason."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from models.card import Parts, Range, Span
from models.few_rows import FEW
from models.learners.encoder import Encoder

PARTS = 10


class Counted(Range, Span):
    """Rows and positives of each part of an input's range, a last part for missing or unseen values."""

    n: list[int]
    hits: list[float]


def observed(frame: pl.DataFrame, label: Sequence[int] | np.ndarray, encoder: Encoder) -> dict[str, Parts]:
    """Return rows and outcome rate in each part of every input's range, as it goes into the card.

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
    return rates_of(counted(frame, label, ranges(frame, encoder)))


def ranges(frame: pl.DataFrame, encoder: Encoder) -> dict[str, Range]:
    """Return the parts of every input's range: ``edges`` or ``categories``, as of ``observed``."""
    found: dict[str, Range] = {}
    for column in encoder.columns:
        if column.categories is None:
            numbers = frame[column.name].cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
            found[column.name] = {"edges": edges(numbers)}
        else:
            found[column.name] = {"categories": list(column.categories)}
    return found


def counted(
    frame: pl.DataFrame, label: Sequence[int] | np.ndarray, inside: Mapping[str, Range]
) -> dict[str, Counted]:
    """Return ``ranges`` with ``n`` and ``hits`` (positives) of each part; of numbers with ``span``."""
    y = np.asarray(label, dtype=np.float64)
    found: dict[str, Counted] = {}
    for name, entry in inside.items():
        part = parts(frame[name], entry)
        size = len(entry["edges"]) + 2 if "edges" in entry else len(entry["categories"]) + 1
        n, hits = np.bincount(part, minlength=size), np.bincount(part, weights=y, minlength=size)
        span: Span = _span(frame[name]) if "edges" in entry else {}
        found[name] = {**entry, "n": n.tolist(), "hits": hits.tolist(), **span}
    return found


def added(one: Mapping[str, Counted], other: Mapping[str, Counted]) -> dict[str, Counted]:
    """Return what is ``counted`` in two parts of the rows together."""
    return {name: _added(one[name], other[name]) for name in one}


def _added(one: Counted, other: Counted) -> Counted:
    n, hits = (np.add(a, b).tolist() for a, b in ((one["n"], other["n"]), (one["hits"], other["hits"])))
    spans = [part["span"] for part in (one, other) if "span" in part]
    span: Span = {"span": [min(low for low, _ in spans), max(high for _, high in spans)]} if spans else {}
    return {**one, "n": n, "hits": hits, **span}


def rates_of(counts: Mapping[str, Counted]) -> dict[str, Parts]:
    """Return what is ``counted`` as a card has it: ``rate`` in the place of ``hits``."""
    return {name: _rated(entry) for name, entry in counts.items()}


def _rated(entry: Counted) -> Parts:
    pairs = zip(entry["hits"], entry["n"], strict=True)
    rate = [round(float(hits / n), 6) if n else None for hits, n in pairs]
    inside: Range = {"edges": entry["edges"]} if "edges" in entry else {"categories": entry["categories"]}
    span: Span = {"span": entry["span"]} if "span" in entry else {}
    return {**inside, "n": entry["n"], "rate": rate, **span}


def _span(values: pl.Series) -> Span:
    """``span``: the least and the greatest number there was."""
    there = values.cast(pl.Float64).drop_nulls().drop_nans()
    return {} if there.is_empty() else {"span": [float(there.min()), float(there.max())]}


def edges(values: np.ndarray, count: int = PARTS) -> list[float]:
    """Return inner edges of at most ``count`` parts of about equal size.

    Zero, where least, is one of its own.
    """
    if not len(values):
        return []
    distinct = np.unique(values)
    if len(distinct) <= count:
        return [float(v) for v in distinct[1:]]
    cuts = np.quantile(values, np.arange(1, count) / count, method="lower")
    if distinct[0] == 0:
        cuts = np.append(cuts, distinct[1])
    return [float(v) for v in np.unique(cuts) if v > distinct[0]]


def part(value: float | str | None, entry: Range) -> int:
    """Return the part that one value falls into, as of ``parts``."""
    if "edges" in entry:
        if value is None or value != value:  # missing is NaN, too
            return len(entry["edges"]) + 1
        return bisect_right(entry["edges"], float(value))
    known: list[str] = entry["categories"]
    return known.index(value) if value in known else len(known)


def parts(values: pl.Series, entry: Range) -> np.ndarray:
    """Return the part that each value falls into, shape (rows,); the last one where missing or unseen."""
    if "edges" in entry:
        numbers = values.to_numpy().astype(np.float64)  # missing is NaN
        found = np.searchsorted(np.asarray(entry["edges"], dtype=np.float64), numbers, side="right")
        return np.where(np.isnan(numbers), len(entry["edges"]) + 1, found)
    codes = {name: code for code, name in enumerate(entry["categories"])}
    if len(values) <= FEW:
        return np.array([codes.get(value, len(codes)) for value in values.cast(pl.String)], dtype=np.int64)
    coded = values.cast(pl.String).replace_strict(codes, default=len(codes), return_dtype=pl.Int64)
    return coded.fill_null(len(codes)).to_numpy()
