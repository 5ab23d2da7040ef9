"""Columns with signs of having been filled in after the outcome: suspects, by themselves no proof.

*Empty*: whether the column is empty ranks the outcome: it is filled for those who were handled.
*Group*: columns that are empty in the same rows were filled in one act, and together rank the outcome.
*Value*: a value of few has nearly one outcome only, against the rest.
*Step*: one value of many in order decides, and its neighbours do not.
*Strong*: the column alone ranks the outcome as well as most models do, or better than all others together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from training.evaluation.metrics import wilson
from training.evaluation.target_leakage import HIGH, SplitHalves
from training.results.audited import DecidingColumn, LoneColumn, SuspectFigures

EMPTY, EMPTIES_RANK = 0.1, 0.6  # share of empty cells, and of filled ones; AUC of being empty
AS_ONE = 0.9  # correlation of being empty, from which on columns are empty together
GROUP = 0.6  # AUC of a group of such columns
FEW, SIZE, ODDS = 10, 30, 20.0  # values of a number without order; rows with a value; ratio of odds
LATE = ("empty", "group", "value")  # signs of when a column was filled; the others only of its strength


@dataclass(frozen=True)
class Suspect:
    """A column, its sign, and the figures that make it one."""

    column: str
    sign: str
    figures: SuspectFigures


def suspects(
    rows: pl.DataFrame, halves: SplitHalves, alone: Sequence[LoneColumn], decided: Sequence[DecidingColumn]
) -> list[Suspect]:
    """Return every sign of every candidate, in the order of their AUC alone.

    Parameters
    ----------
    rows
        One a subject.
    alone, decided
        What ``outranking`` and ``deciding`` found of the candidates.
    """
    names = [line["column"] for line in alone]
    found = [*_empty(rows, names), *_groups(rows, halves, names), *_values(rows, names)]
    found += [
        Suspect(line["column"], "step", {"rows": line["rows"], "outcome": line["outcome"]})
        for line in decided
        if not line["sure"]
    ]
    found += [
        Suspect(line["column"], "strong", {"auc": line["alone"]})
        for line in alone
        if line["alone"] >= HIGH or line.get("low", 0) > 0
    ]
    return sorted(found, key=lambda one: names.index(one.column))


def _half_empty(rows: pl.DataFrame, names: Sequence[str]) -> dict[str, np.ndarray]:
    cells = {name: rows[name].is_null().to_numpy() for name in names}
    return {name: empty for name, empty in cells.items() if EMPTY <= empty.mean() <= 1 - EMPTY}


def _empty(rows: pl.DataFrame, names: Sequence[str]) -> Iterable[Suspect]:
    label = rows["label"].to_numpy() == 1
    for name, empty in _half_empty(rows, names).items():
        auc = 0.5 + abs(empty[label].mean() - empty[~label].mean()) / 2
        if auc >= EMPTIES_RANK:
            yield Suspect(name, "empty", {"share": float(empty.mean()), "auc": float(auc)})


def _groups(rows: pl.DataFrame, halves: SplitHalves, names: Sequence[str]) -> Iterable[Suspect]:
    """Columns that are empty together with another, where their group ranks the outcome."""
    cells = _half_empty(rows, names)
    left = list(cells)
    while left:
        first = left[0]
        group = [name for name in left if np.corrcoef(cells[first], cells[name])[0, 1] >= AS_ONE]
        left = [name for name in left if name not in group]
        if len(group) > 1 and (auc := halves.auc(halves.scores(halves.at(group)))) >= GROUP:
            share = float(cells[first].mean())
            for name in group:
                yield Suspect(name, "group", {"columns": group, "share": share, "auc": auc})


def _values(rows: pl.DataFrame, names: Sequence[str]) -> Iterable[Suspect]:
    """Columns of few values of which one has nearly one outcome only, by the careful end of its rate."""
    n, positives = len(rows), int(rows["label"].sum())
    for name in names:
        groups = rows.group_by(value=pl.col(name)).agg(n=pl.len(), positives=pl.col("label").sum())
        if rows[name].dtype != pl.String and len(groups) >= FEW:
            continue
        told: list[SuspectFigures] = [
            {"value": str(value), "rows": size, "rate": own / size, "odds": ratio}
            for value, size, own in groups.rows()
            if size >= SIZE and n - size >= SIZE
            if (ratio := _odds(own, size, positives - own, n - size)) >= ODDS
        ]
        if told:
            yield Suspect(name, "value", max(told, key=lambda one: (one["odds"], one["value"])))


def _odds(positives: int, rows: int, others: int, rest: int) -> float:
    """How many times the odds inside are those outside, or the other way round, by the ends towards 1."""
    (low, high), (lower, higher) = wilson(positives, rows), wilson(others, rest)
    above = low * (1 - higher) / max((1 - low) * higher, 1e-12)
    below = lower * (1 - high) / max((1 - lower) * high, 1e-12)
    return float(max(above, below))
