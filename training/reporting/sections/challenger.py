"""The new model against the one that serves, on the same test rows.

The champion's folder, ``champion/`` beside ``model/``, is copied there at release.
"""

from typing import Any

import numpy as np

from models.model import Model
from training.metrics import estimates, wilson
from training.reporting.source import DRAWS, Source, unassessed

TOP, MARGIN = 0.1, -0.01
MEASURES = ("auc", "average_precision", "lift_10", "capture_20", "brier", "expected_over_observed")


def challenger(source: Source) -> dict[str, Any]:
    """Paired differences, agreement of the scores, and who enters or leaves the highest tenth."""
    folder = source.folder / "champion"
    if not (folder / "card.json").exists():
        return unassessed("no_champion")
    champion = Model.load(folder)
    missing = sorted(set(champion.encoder.names) - set(source.test.columns))
    if missing:
        return unassessed("champion_features", n=len(missing))
    if champion.booster.save_raw("ubj") == source.model.booster.save_raw("ubj"):
        return unassessed("champion_same")
    other = champion.probability(source.test)
    scores = {"model": source.probability, "champion": other}
    found, differences = estimates(source.label, scores, source.subject, DRAWS, source.seed)
    low = differences["champion"]["average_precision"]["low"] or 0.0
    return {
        "assessed": True,
        "n": len(source.label),
        "positives": int(source.label.sum()),
        "features": {
            name: len(m.encoder.names) for name, m in (("model", source.model), ("champion", champion))
        },
        "estimates": {name: {m: rows[m] for m in MEASURES} for name, rows in found.items()},
        "difference": {measure: differences["champion"][measure] for measure in MEASURES},
        "correlation": _correlation(source.probability, other),
        "swapped": _swapped(source.label, source.probability, other),
        "margin": MARGIN,
        "result": "good" if low > 0 else "warn" if low > MARGIN else "bad",
    }


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation."""
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic)


def _swapped(label: np.ndarray, new: np.ndarray, old: np.ndarray) -> list[dict[str, Any]]:
    """Rows in the highest tenth of both, of the new only, of the old only, with their rates."""
    count = max(1, round(TOP * len(label)))
    chosen = [
        np.isin(np.arange(len(label)), np.argsort(-score, kind="stable")[:count]) for score in (new, old)
    ]
    parts = {"both": chosen[0] & chosen[1], "enter": chosen[0] & ~chosen[1], "leave": ~chosen[0] & chosen[1]}
    return [{"part": name, **_rate(label[inside])} for name, inside in parts.items()]


def _rate(label: np.ndarray) -> dict[str, Any]:
    positives = int(label.sum())
    low, high = wilson(positives, len(label))
    value = positives / len(label) if len(label) else None
    return {"n": len(label), "positives": positives, "value": value, "low": float(low), "high": float(high)}
