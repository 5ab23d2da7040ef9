"""How good a ranking and its probabilities are, with 95 % intervals.

Everything is computed from rows sorted by score, with weights: one sort serves all resamples of
``training.evaluation.bootstrap``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import polars as pl

from training.evaluation.bootstrap import estimate, resampled_each
from training.results.estimate import Measures, Metric, Rate, Swapped

SHARES = (0.01, 0.05, 0.1, 0.2)
COMPARED: tuple[Metric, ...] = (  # what two models are told to differ in
    "auc", "average_precision", "lift_10", "capture_20", "brier", "expected_over_observed",
)  # fmt: skip


@dataclass(frozen=True)
class Ranked:
    """Labels and scores sorted from the highest score down.

    ``order`` sorts the rows; ``ends`` are the last positions of runs of equal scores.
    """

    order: np.ndarray
    label: np.ndarray
    score: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, label: np.ndarray, score: np.ndarray) -> "Ranked":
        """Return ``label`` 0/1 and ``score``, shape (rows,)."""
        if len(label) != len(score) or len(label) == 0:
            raise ValueError(f"metrics: {len(label)} labels and {len(score)} scores")
        if not np.isfinite(score).all():
            raise ValueError("metrics: a score is not a finite number")
        order = np.argsort(-score, kind="stable")
        ranked = score[order]
        ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
        return cls(order, np.asarray(label, dtype=np.float64)[order], ranked, ends)


def ranking(ranked: Ranked, weight: np.ndarray) -> dict[str, float]:
    """Return the AUC, average precision, lift and capture at 1, 5, 10 and 20 %.

    AUC is the share of pairs of a positive and a negative that are in the right order, ties
    half (Mann and Whitney 1947). Average precision is the sum of precision times the step in
    recall (as scikit-learn's). Capture at k is the share of positives among the highest k of the
    rows, lift is capture over k; runs of equal scores count in proportion.

    Parameters
    ----------
    weight
        Shape (rows,), in the ranked order.

    Examples
    --------
    >>> ranked = Ranked.of(np.array([1, 0, 1, 0]), np.array([.9, .8, .7, .1]))
    >>> ranking(ranked, np.ones(4))["auc"]
    0.75
    """
    positives, rows = np.cumsum(weight * ranked.label)[ranked.ends], np.cumsum(weight)[ranked.ends]
    total, n = positives[-1], rows[-1]
    negatives = rows - positives
    steps = np.diff(positives, prepend=0)
    middle = negatives - np.diff(negatives, prepend=0) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        auc = 1 - np.sum(steps * middle) / (total * (n - total))
        precision = np.where(rows > 0, positives / np.maximum(rows, 1e-12), 0)
        capture = np.interp(np.array(SHARES) * n, np.append(0, rows), np.append(0, positives)) / total
        found = {"auc": auc, "average_precision": np.sum(precision * steps) / total}
    found |= {f"capture_{share:.0%}"[:-1]: value for share, value in zip(SHARES, capture, strict=True)}
    found |= {f"lift_{share:.0%}"[:-1]: value / share for share, value in zip(SHARES, capture, strict=True)}
    return {name: float(value) for name, value in found.items()}


def auc_alone(values: pl.Series, label: np.ndarray) -> float:
    """Return the AUC of one number as the score, whichever way round; unknown counts as lowest."""
    known = values.cast(pl.Float64).fill_null(float("-inf")).rank("dense").to_numpy().astype(np.float64)
    auc = ranking(Ranked.of(label, known), np.ones(len(label)))["auc"]
    return max(auc, 1 - auc)


def probability(ranked: Ranked, weight: np.ndarray) -> dict[str, float]:
    """Return Brier score, log loss, expected over observed and calibration error; scores are probabilities.

    Calibration error is the mean absolute difference between expected and observed rate over
    tenths of the rows by score, weighted by their size.
    """
    p, y, n = np.clip(ranked.score, 1e-9, 1 - 1e-9), ranked.label, weight.sum()
    tenth = np.minimum((np.cumsum(weight) - weight / 2) / n * 10, 9).astype(int)
    error = np.bincount(tenth, weight * (p - y), minlength=10)
    return {
        "brier": float(np.sum(weight * (p - y) ** 2) / n),
        "log_loss": float(-np.sum(weight * (y * np.log(p) + (1 - y) * np.log(1 - p))) / n),
        "expected_over_observed": float(np.sum(weight * p) / max(np.sum(weight * y), 1e-12)),
        "calibration_error": float(np.sum(np.abs(error)) / n),
    }


def all_metrics(ranked: Ranked, weight: np.ndarray) -> dict[str, float]:
    """Return all metrics of a model that gives probabilities."""
    return ranking(ranked, weight) | probability(ranked, weight)


def estimates(
    label: np.ndarray, scores: Mapping[str, np.ndarray], subject: np.ndarray, draws: int, seed: int
) -> tuple[dict[str, Measures], dict[str, Measures]]:
    """Return every metric of every set of scores, and the paired differences of the first to the others.

    Returns
    -------
    metrics, differences
        ``{name: {metric: {value, low, high}}}``; a difference is first minus other, drawn on the
        same resamples.
    """
    ranked = {name: Ranked.of(label, score) for name, score in scores.items()}

    def measured(weight: np.ndarray) -> dict[str, dict[str, float]]:
        return {name: all_metrics(found, weight[found.order]) for name, found in ranked.items()}

    points = measured(np.ones(len(label)))
    table = {name: _columns(rows) for name, rows in resampled_each(measured, subject, draws, seed).items()}
    first, *others = scores
    metrics = {name: _measures(points[name], table[name]) for name in scores}
    differences = {
        name: _measures(_apart(points[first], points[name]), _apart(table[first], table[name]))
        for name in others
    }
    return metrics, differences


def _columns(rows: Iterable[dict[str, float]]) -> dict[str, np.ndarray]:
    rows = list(rows)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _apart(first: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {metric: first[metric] - other[metric] for metric in other}


def _measures(points: Mapping[str, float], drawn: Mapping[str, np.ndarray]) -> Measures:
    return cast(Measures, {metric: estimate(points[metric], drawn[metric]) for metric in points})


def integer_codes(values: np.ndarray) -> np.ndarray:
    """Return integer codes from 0 for ids of any type."""
    return np.unique(values, return_inverse=True)[1]


def wilson(positives: float, rows: float) -> tuple[float, float]:
    """Return the 95 % interval of a proportion (Wilson 1927).

    Examples
    --------
    >>> [round(float(x), 3) for x in wilson(10, 100)]
    [0.055, 0.174]
    """
    if rows == 0:
        return 0.0, 1.0
    z, p = 1.959964, positives / rows
    middle, half = p + z * z / (2 * rows), z * np.sqrt(p * (1 - p) / rows + z * z / (4 * rows * rows))
    return (middle - half) / (1 + z * z / rows), (middle + half) / (1 + z * z / rows)


def rate(label: np.ndarray, subject: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of a share of rows of which several may be of one subject.

    Wilson's, with as many rows as would be worth as much if they were of different subjects (Korn and
    Graubard 1998): their number over the design effect, which is at least 1.

    Examples
    --------
    >>> hits = np.arange(100) < 10
    >>> [round(x, 3) for x in rate(hits, np.arange(100))]
    [0.055, 0.174]
    >>> [round(x, 3) for x in rate(hits, np.arange(100) // 10)]
    [0.018, 0.404]
    """
    if not len(label):
        return 0.0, 1.0
    n, p = len(label), float(label.mean())
    apart = np.bincount(integer_codes(subject), label - p)
    return share_interval(n, p, float((apart**2).sum()))


def share_interval(n: int, share: float, apart: float) -> tuple[float, float]:
    """Return the 95 % interval of a ``share`` of ``n`` rows, as of ``rate``.

    ``apart`` is the sum of squares over the subjects of how many more positives each has than the share says.
    """
    alone = max(n * share * (1 - share), 1e-12)
    worth = n / max(apart / alone, 1.0)
    low, high = wilson(share * worth, worth)
    return float(low), float(high)


def top_changes(
    label: np.ndarray, new: np.ndarray, old: np.ndarray, subject: np.ndarray, share: float = 0.1
) -> list[Swapped]:
    """Return rows in the highest ``share`` by both scores, by the new only, by the old only,
    with their rates.
    """
    count = max(1, round(share * len(label)))
    chosen = [
        np.isin(np.arange(len(label)), np.argsort(-score, kind="stable")[:count]) for score in (new, old)
    ]
    parts: dict[Literal["both", "enter", "leave"], np.ndarray] = {
        "both": chosen[0] & chosen[1],
        "enter": chosen[0] & ~chosen[1],
        "leave": ~chosen[0] & chosen[1],
    }
    return [{"part": name, **told_rate(label[inside], subject[inside])} for name, inside in parts.items()]


def told_rate(label: np.ndarray, subject: np.ndarray) -> Rate:
    """Return the share of positives with their number and the interval by subject."""
    low, high = rate(label, subject)
    value = float(label.mean()) if len(label) else None
    return {"n": len(label), "positives": int(label.sum()), "value": value, "low": low, "high": high}
