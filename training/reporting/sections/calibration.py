"""Whether a predicted probability is the rate that is then observed."""

from typing import Any

import numpy as np

from training.evaluation.metrics import interval, rate, resamples
from training.reporting.source import DRAWS, Source

PARTS = 15


def calibration(source: Source) -> dict[str, Any]:
    """Reliability in parts of equal size, observed over expected, and Brier's parts."""
    p, y = source.probability, source.label
    measures = source.detail["estimators"]["model"]
    return {
        "assessed": True,
        "n": len(y),
        "positives": int(y.sum()),
        "parts": _parts(p, y, source.subject),
        "histogram": np.histogram(p, bins=40, range=(0, 1))[0].tolist(),
        "ratio": _ratio(source, np.ones(len(p), dtype=bool)),
        "ratio_top": _ratio(source, p >= np.quantile(p, 0.9)),
        "rebased": _rebased(source),
        "recalibration": _recalibration(source),
        "measures": {
            name: measures[name]
            for name in ("brier", "log_loss", "expected_over_observed", "calibration_error")
        },
        "brier": _brier(p, y),
        "periods": source.detail["periods"],
    }


def _parts(p: np.ndarray, y: np.ndarray, subject: np.ndarray) -> list[dict[str, Any]]:
    order = np.argsort(p, kind="stable")
    found = []
    for part in np.array_split(order, min(PARTS, len(p))):
        positives = int(y[part].sum())
        low, high = rate(y[part], subject[part])
        found.append(
            {
                "expected": float(p[part].mean()),
                "observed": positives / len(part),
                "low": low,
                "high": high,
                "n": len(part),
                "positives": positives,
            }
        )
    return found


def _ratio(source: Source, chosen: np.ndarray) -> dict[str, Any]:
    """Observed over expected of the chosen rows, with its interval by subject."""
    p, y = source.probability * chosen, source.label * chosen
    drawn = np.array([(w @ y) / (w @ p) for w in resamples(source.subject, DRAWS, source.seed)])
    low, high = interval(drawn)
    return {
        "value": float(y.sum() / p.sum()),
        "low": low,
        "high": high,
        "n": int(chosen.sum()),
        "positives": int(y.sum()),
    }


def _rebased(source: Source) -> dict[str, Any]:
    """Observed over expected of the probabilities that were re-based as outcomes became known."""
    found = source.detail["rebased"]["expected_over_observed"]
    ends = {"value": "value", "low": "high", "high": "low"}  # the inverse turns the interval round
    return {name: 1 / found[of] if found[of] else None for name, of in ends.items()}


def _recalibration(source: Source) -> dict[str, float]:
    """Slope and intercept that the test rows would have wanted; 1 and 0 are perfect."""
    from models.learners.calibration import fit_calibration

    found = fit_calibration(source.model.calibration.log_odds(source.test["margin"].to_numpy()), source.label)
    return {"slope": found.slope, "intercept": found.intercept}


def _brier(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Brier score as miscalibration - discrimination + uncertainty (CORP, Dimitriadis et al. 2021)."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y).predict(p)
    score, best, base = (float(np.mean((q - y) ** 2)) for q in (p, fitted, np.full(len(y), y.mean())))
    return {
        "score": score,
        "miscalibration": score - best,
        "discrimination": base - best,
        "uncertainty": base,
    }
