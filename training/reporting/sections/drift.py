"""Whether the rows to be scored look like those learnt from."""

import numpy as np
import polars as pl

from models.card import Range
from models.fitted import observed_rates
from training.evaluation.metrics import Ranked, ranking
from training.reporting.source import Source, unassessed
from training.results.report_figures import LEVELS, Drift, FeaturePsi, Level, PromisedAuc
from training.results.section import Unassessed

AMBER, RED, MOST, ROWS = 0.10, 0.25, 12, 20_000


def drift(source: Source) -> Drift | Unassessed:
    """Return the population stability index of the score and of every input,
    test against development rows.
    """
    if not source.dated:
        return unassessed("undated")
    past = source.past.sample(min(ROWS, len(source.past)), seed=source.seed)
    reference = source.model.probability(past)
    cuts: Range = {"edges": np.unique(np.quantile(reference, np.arange(1, 10) / 10)).tolist()}
    before, later = (observed_rates.parts(pl.Series(p), cuts) for p in (reference, source.probability))
    weight = {line["name"]: line["value"] for line in source.explained["features"]}
    mass = sum(weight.values())
    lines: list[FeaturePsi] = [
        {"feature": name, "psi": value, "level": level(value), "mass": weight[name] / mass if mass else 0.0}
        for name, value in _features(source, past)
    ]
    return {
        "assessed": True,
        "n": len(source.test),
        "reference": len(past),
        "amber": AMBER,
        "red": RED,
        "score": {"psi": psi(before, later, 10), "level": level(psi(before, later, 10))},
        "unchanged": unchanged(len(past), len(source.test), 10),
        "expected": _expected(source),
        "features": sorted(lines, key=lambda line: (-line["psi"] * line["mass"], line["feature"]))[:MOST],
        "counts": {kind: sum(line["level"] == kind for line in lines) for kind in LEVELS},
    }


def _expected(source: Source) -> PromisedAuc:
    """AUC that calibrated probabilities promise by themselves, on the test and on everybody scored.

    Each row counts as a positive with its probability (confidence-based performance estimation,
    NannyML 2022). It sees a change of the population, not a change of what drives the outcome.
    """
    realised = source.detail["estimators"]["model"]["auc"]
    found: PromisedAuc = {"test": promised(source.probability), "realised": realised}
    scores = source.listed / "scores.parquet"
    if scores.exists():
        told = pl.read_parquet(scores, columns=["probability"])["probability"].drop_nulls()
        if not told.is_empty():
            found["scored"] = promised(told.to_numpy())
    return found


def promised(p: np.ndarray) -> float:
    """Return the expected AUC of calibrated probabilities, shape (rows,).

    Examples
    --------
    >>> promised(np.array([0.5, 0.5, 0.5]))
    0.5
    """
    return ranking(Ranked.of(p, p), np.ones(len(p)))["auc"]


def psi(before: np.ndarray, later: np.ndarray, parts: int) -> float:
    """Return the population stability index of two samples of part numbers (Siddiqi 2006).

    The sum of ``(q - p) ln(q / p)`` over the parts; half a row is added to each, so that an
    empty part counts and stays finite.

    Examples
    --------
    >>> psi(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 2)
    0.0
    """
    p, q = ((np.bincount(x, minlength=parts) + 0.5) / (len(x) + 0.5 * parts) for x in (before, later))
    return float(np.sum((q - p) * np.log(q / p)))


def unchanged(before: int, later: int, parts: int) -> float:
    """Return the index expected where nothing has changed: ``(parts - 1) (1/n + 1/m)`` (Yurdakul 2018)."""
    return (parts - 1) * (1 / before + 1 / later)


def level(value: float) -> Level:
    """Return the usual traffic light; a convention, not a test."""
    return "bad" if value >= RED else "warn" if value >= AMBER else "good"


def _features(source: Source, past: pl.DataFrame) -> list[tuple[str, float]]:
    found = []
    for name, entry in source.card["bins"].items():
        before, later = (observed_rates.parts(frame[name], entry) for frame in (past, source.test))
        found.append((name, psi(before, later, len(entry["n"]))))
    return found
