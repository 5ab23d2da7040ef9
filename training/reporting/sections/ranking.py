"""How well the scores put the right rows first."""

from itertools import pairwise

import numpy as np

from training.evaluation.bootstrap import band, resampled
from training.evaluation.metrics import Ranked
from training.reporting.sections.timing import timing
from training.reporting.source import DRAWS, Source
from training.results.evaluated import Decile
from training.results.report_figures import GainsCurve, Ranking, Roc

GRID = np.linspace(0, 1, 51)


def ranking(source: Source) -> Ranking:
    """Return gains curves with their band, deciles, and the measures with intervals."""
    detail = source.detail
    baseline = detail["best_baseline"]
    scores = {"model": source.probability, baseline: source.test[f"baseline_{baseline}"].to_numpy()}
    return {
        "assessed": True,
        "n": detail["n"],
        "positives": detail["positives"],
        "base_rate": detail["base_rate"],
        "baseline": baseline,
        "curves": {name: _curve(source, score) for name, score in scores.items()},
        "deciles": detail["deciles"],
        "inversions": _inversions(detail["deciles"]),
        "estimates": {name: detail["estimators"][name] for name in ("model", baseline)},
        "difference": detail["differences"][baseline],
        "timing": timing(source),
        "roc": _roc(source),
        "ks": _ks(source),
    }


def gains(ranked: Ranked, weight: np.ndarray) -> np.ndarray:
    """Return the share of the positives among the highest shares of ``GRID``, ties in proportion."""
    positives = np.cumsum(weight * ranked.label)[ranked.ends]
    rows = np.cumsum(weight)[ranked.ends]
    return np.interp(GRID * rows[-1], np.append(0, rows), np.append(0, positives)) / positives[-1]


def _curve(source: Source, score: np.ndarray) -> GainsCurve:
    ranked = Ranked.of(source.label, score)
    drawn = resampled(lambda w: gains(ranked, w[ranked.order]), source.subject, DRAWS, source.seed)
    ends = band(drawn)
    return {
        "share": GRID.round(2).tolist(),
        "capture": gains(ranked, np.ones(len(score))).tolist(),
        "low": ends["low"],
        "high": ends["high"],
    }


def _inversions(deciles: list[Decile]) -> list[int]:
    """Deciles whose observed rate is above that of the decile before them."""
    return [later["decile"] for earlier, later in pairwise(deciles) if later["rate"] > earlier["rate"]]


def _rates(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates at every cut-off."""
    ranked = Ranked.of(source.label, source.probability)
    hits, rows = np.cumsum(ranked.label)[ranked.ends], ranked.ends + 1.0
    return (rows - hits) / (len(source.label) - hits[-1]), hits / hits[-1]


def _roc(source: Source) -> Roc:
    false, true = _rates(source)
    return {
        "false": GRID.round(2).tolist(),
        "true": np.interp(GRID, np.append(0, false), np.append(0, true)).tolist(),
    }


def _ks(source: Source) -> float:
    """Largest gap between the two rates (Kolmogorov and Smirnov)."""
    false, true = _rates(source)
    return float(np.max(true - false))
