"""Leaks and other ways in which a good figure can be wrong, each checked or said not to be."""

from typing import Any

import numpy as np
import polars as pl

from training.metrics import Ranked, ranking
from training.reporting.source import Source

ALONE, MASS = 0.95, 0.5  # AUC of one feature, and its share of all contributions
ROWS = 10_000  # are enough to see a feature that separates the classes
CHANCE, TELLS_APART, LOST = 0.05, 0.8, 0.7  # distance from an AUC of 0.5, an AUC, part of the gain


def checks(source: Source) -> dict[str, Any]:
    """One line a check: result, value, threshold."""
    return {
        "assessed": True,
        "checks": [
            _windows(source),
            _twice(source),
            _alone(source),
            _mass(source),
            _order(source),
            _additive(source),
            _shuffled(source),
            _parity(source),
            _adversarial(source),
            _lag(source),
        ],
    }


def _check(name: str, passed: bool, value: Any, threshold: Any, **named: Any) -> dict[str, Any]:
    return {
        "check": name,
        "result": "good" if passed else "bad",
        "value": value,
        "threshold": threshold,
    } | named


def _warned(name: str, value: float, threshold: float, feature: str) -> dict[str, Any]:
    """A line that is worth a look, but condemns nothing by itself."""
    line = _check(name, True, value, threshold, feature=feature)
    return line if value <= threshold else line | {"result": "warn"}


def _windows(source: Source) -> dict[str, Any]:
    """No outcome window of a development row ends after the first test moment."""
    late = int((source.past["window_end"] > source.test["as_of"].min()).sum())
    return _check("windows", late == 0, late, 0)


def _twice(source: Source) -> dict[str, Any]:
    """No subject is asked twice about the same moment and content."""
    keys = [name for name in ("lead_id", "member_id", "contact_id", "as_of") if name in source.rows.columns]
    twice = len(source.rows) - source.rows.select(keys).n_unique()
    return _check("twice", twice == 0, twice, 0)


def _alone(source: Source) -> dict[str, Any]:
    """No single number separates the classes by itself."""
    rows = source.past.sample(min(ROWS, len(source.past)), seed=source.seed)
    y = rows["label"].to_numpy()
    best = max(((auc_alone(rows[name], y), name) for name in _numbers(source)), default=(0.5, ""))
    return _check("alone", best[0] <= ALONE, best[0], ALONE, feature=best[1])


def _numbers(source: Source) -> list[str]:
    return [column.name for column in source.model.encoder.columns if column.categories is None]


def auc_alone(values: pl.Series, label: np.ndarray) -> float:
    """AUC of one number as the score, whichever way round; unknown counts as lowest."""
    known = values.cast(pl.Float64).fill_null(float("-inf")).rank("dense").to_numpy().astype(np.float64)
    auc = ranking(Ranked.of(label, known), np.ones(len(label)))["auc"]
    return max(auc, 1 - auc)


def _mass(source: Source) -> dict[str, Any]:
    """No feature, its windows taken together, carries more than half of all contributions: a warning."""
    lines = source.explained["families"]
    total = sum(line["value"] for line in lines)
    top = lines[0]["value"] / total if total else 0.0
    strongest = next(
        row["name"] for row in source.explained["features"] if row["name"] in lines[0]["features"]
    )
    return _warned("mass", top, MASS, strongest)


def _order(source: Source) -> dict[str, Any]:
    """The order of ids says nothing about the outcome within a moment."""
    key = source.facts["subject"]
    rows = source.past.select("as_of", "label", place=pl.col(key).rank("dense"))
    inside = rows.with_columns(pl.col("place").rank().over("as_of"))
    auc = auc_alone(inside["place"], rows["label"].to_numpy())
    return _warned("order", auc, 0.55, "")


def _additive(source: Source) -> dict[str, Any]:
    """Contributions add up to the calibrated log-odds."""
    found = source.explained
    allowed = 10 * found["tolerance"]  # large log-odds have large rounding errors
    return _check("additive", found["max_error"] <= allowed, found["max_error"], allowed)


def _shuffled(source: Source) -> dict[str, Any]:
    """Models that learnt labels dealt out at random are, in the mean, no better than chance."""
    found = source.stressed["shuffled"]
    away, allowed = abs(found["value"] - 0.5), max(CHANCE, 3 * found["error"])
    return _check("shuffled", away <= allowed, away, round(allowed, 3))


def _parity(source: Source) -> dict[str, Any]:
    """A row scored alone has the score it has in the batch."""
    found = source.stressed["alone"]
    return _check("parity", found <= 1e-6, found, 1e-6)


def _adversarial(source: Source) -> dict[str, Any]:
    """A model cannot easily tell development rows from test rows; where it can, only a warning."""
    found = source.stressed["adversarial"]
    return _warned("adversarial", found["value"], TELLS_APART, found["feature"] or "")


def _lag(source: Source) -> dict[str, Any]:
    """With each subject described as at its question before, part of the gain over chance is left."""
    found = source.stressed["lagged"]
    if found is None:
        return {"check": "lag", "result": "unrun"}
    lost = 1 - (found["then"] - 0.5) / max(found["now"] - 0.5, 1e-9)
    return _warned("lag", lost, LOST, "")
