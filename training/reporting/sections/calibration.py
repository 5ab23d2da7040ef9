"""Whether a predicted probability is the rate that is then observed."""

import numpy as np

from training.evaluation.bootstrap import interval, resampled
from training.evaluation.metrics import rate
from training.reporting.source import DRAWS, Source
from training.results.estimate import ENDS, Estimate
from training.results.report_figures import BrierParts, Calibration, Line, Ratio, ReliabilityPart

PARTS = 15


def calibration(source: Source) -> Calibration:
    """Return the reliability in parts of equal size, observed over expected, and Brier's parts."""
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
            "brier": measures["brier"],
            "log_loss": measures["log_loss"],
            "expected_over_observed": measures["expected_over_observed"],
            "calibration_error": measures["calibration_error"],
        },
        "brier": _brier(p, y),
        "periods": source.detail["periods"],
    }


def _parts(p: np.ndarray, y: np.ndarray, subject: np.ndarray) -> list[ReliabilityPart]:
    order = np.argsort(p, kind="stable")
    found: list[ReliabilityPart] = []
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


def _ratio(source: Source, chosen: np.ndarray) -> Ratio:
    """Observed over expected of the chosen rows, with its interval by subject."""
    p, y = source.probability * chosen, source.label * chosen
    low, high = interval(resampled(lambda w: (w @ y) / (w @ p), source.subject, DRAWS, source.seed))
    return {
        "value": float(y.sum() / p.sum()),
        "low": low,
        "high": high,
        "n": int(chosen.sum()),
        "positives": int(y.sum()),
    }


def _rebased(source: Source) -> Estimate:
    """Observed over expected of the probabilities that were re-based as outcomes became known."""
    found = source.detail["rebased"]["expected_over_observed"]
    value, low, high = (1 / end if (end := found[name]) else None for name in ENDS)
    return {"value": value, "low": high, "high": low}  # the inverse turns the interval round


def _recalibration(source: Source) -> Line:
    """Slope and intercept that the test rows would have wanted; 1 and 0 are perfect."""
    from models.learners.calibration import fit_calibration

    found = fit_calibration(source.model.calibration.log_odds(source.test["margin"].to_numpy()), source.label)
    return {"slope": found.slope, "intercept": found.intercept}


def _brier(p: np.ndarray, y: np.ndarray) -> BrierParts:
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
