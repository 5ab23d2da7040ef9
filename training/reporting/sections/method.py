"""How the model was made: search, chosen settings, and what it was held against."""

from training.reporting.source import Source
from training.results.estimate import Measures
from training.results.report_figures import Method, ShownMeasures


def method(source: Source) -> Method:
    """Return search and alternatives, each with intervals on the same test rows."""
    tuned, detail = source.tuned, source.detail
    complete = [trial for trial in tuned["trials"] if trial["state"] == "COMPLETE"]
    return {
        "assessed": True,
        "features": len(source.model.encoder.names),
        "groups": len({row["group"] for row in source.card["features"]}),
        "trials": tuned["trials"],
        "complete": len(complete),
        "best": tuned["best"],
        "at_edge": tuned["at_edge"],
        "holds": tuned["holds"],
        "estimator": tuned["best"]["estimator"],
        "bags": max(len(source.card["bags"]), 1),
        "candidates": tuned["candidates"],
        "unusable": detail["unusable"],
        "serves": {
            "learn": source.serving["learn"],
            "level": source.serving["level"],
            "learnt": source.serving["learnt"],
        },
        "calibration": {
            "slope": source.model.calibration.slope,
            "intercept": source.model.calibration.intercept,
        },
        "seed": source.seed,
        "n": detail["n"],
        "positives": detail["positives"],
        "estimators": {name: _shown(found) for name, found in detail["estimators"].items()},
        "differences": {name: _shown(found) for name, found in detail["differences"].items()},
        "best_baseline": detail["best_baseline"],
        "random_split": source.rolled["random_split"],
    }


def _shown(found: Measures) -> ShownMeasures:
    return {
        "auc": found["auc"],
        "average_precision": found["average_precision"],
        "lift_10": found["lift_10"],
        "brier": found["brier"],
        "log_loss": found["log_loss"],
    }
