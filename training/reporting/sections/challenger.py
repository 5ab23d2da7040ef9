"""The new model against the one that serves, on the same test rows.

The folders ``champion/`` and ``previous/`` beside ``model/`` are copied there at release. The pipeline
does not know them as inputs: else a release would make the report anew that it was decided on.
"""

from typing import Any

import numpy as np

from models.model import Model
from models.release_format import CHAMPION, PREVIOUS
from training.evaluation.metrics import estimates, swapped
from training.reporting.source import DRAWS, FEW_POSITIVES, Source, unassessed

MARGIN = -0.01
SERVING = (CHAMPION, PREVIOUS)
MEASURES = ("auc", "average_precision", "lift_10", "capture_20", "brier", "expected_over_observed")


def challenger(source: Source) -> dict[str, Any]:
    """Paired differences, agreement of the scores, and who enters or leaves the highest tenth."""
    champion = rival(source)
    if champion is None:
        serves = (source.folder / SERVING[0] / "card.json").exists()
        return unassessed("champion_same" if serves else "no_champion")
    missing = sorted(set(champion.encoder.names) - set(source.test.columns))
    if missing:
        return unassessed("champion_features", n=len(missing))
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
        "swapped": swapped(source.label, source.probability, other),
        "margin": MARGIN,
        "result": result(low, int(source.label.sum())),
    }


def result(low: float, positives: int) -> str:
    """What the lower end of the gain in average precision says; ``few`` where it cannot say better."""
    if low > 0:
        return "good" if positives >= FEW_POSITIVES else "few"
    return "warn" if low > MARGIN else "bad"


def rival(source: Source) -> Model | None:
    """The champion, or where that is this very model the one before it: a release changes no report."""
    for folder in (source.folder / name for name in SERVING):
        if (folder / "card.json").exists():
            found = Model.load(folder)
            same = found.booster.save_raw("ubj") == source.model.booster.save_raw("ubj")
            if not (same and found.encoder == source.model.encoder):
                return found
    return None


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation."""
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic)
