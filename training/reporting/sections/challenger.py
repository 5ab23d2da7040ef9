"""The new model against the one that serves, and the best that ever did, on the same test rows.

The folders ``champion/``, ``previous/`` and ``best/`` beside ``model/`` are copied there at release. The
pipeline does not know them as inputs: else a release would make the report anew that it was decided on.
"""

from typing import Literal, cast

import numpy as np

from models.fitted.model import Model
from models.fitted.release_format import BEST, CHAMPION, JUDGED, PREVIOUS
from training.evaluation.metrics import COMPARED, estimates, top_changes
from training.reporting.source import DRAWS, FEW_POSITIVES, Source, unassessed
from training.results.challenger import Challenger, ComparedMeasures
from training.results.estimate import Measures
from training.review.gates import wanted_gates

SERVING = (CHAMPION, PREVIOUS)


def challenger(source: Source) -> Challenger:
    """Return paired differences, agreement of the scores, and who enters or leaves the highest tenth."""
    return _compared(source, rival(source), (source.folder / CHAMPION / "card.json").exists())


def best(source: Source) -> Challenger:
    """Return the same against the best champion so far, which the margin of each release starts from."""
    there = (source.folder / BEST / "card.json").exists()
    return _compared(source, _other(source, BEST) if there else None, there)


def is_best(source: Source) -> bool:
    """Tell whether no champion so far ranks these rows better, of those that can still be asked."""
    found = best(source)
    return not found["assessed"] or (found["difference"]["average_precision"]["value"] or 0) >= 0


def _compared(source: Source, champion: Model | None, serves: bool) -> Challenger:
    if champion is None:
        return _not("champion_same" if serves else "no_champion")
    missing = sorted(set(champion.encoder.names) - set(source.test.columns))
    if missing:
        return _not("champion_features", n=len(missing))
    other = champion.probability(source.test)
    scores = {"model": source.probability, "champion": other}
    found, differences = estimates(source.label, scores, source.subject, DRAWS, source.seed)
    low = differences["champion"]["average_precision"]["low"] or 0.0
    margin = wanted_gates()["champion"]["margin"]
    return {
        "assessed": True,
        "n": len(source.label),
        "positives": int(source.label.sum()),
        "features": {
            "model": len(source.model.encoder.names),
            "champion": len(champion.encoder.names),
        },
        "estimates": {name: _measures(rows) for name, rows in found.items()},
        "difference": _measures(differences["champion"]),
        "correlation": _correlation(source.probability, other),
        "swapped": top_changes(source.label, source.probability, other, source.subject),
        "margin": margin,
        "result": result(low, int(source.label.sum()), margin),
    }


def _not(why: str, **values: int) -> Challenger:
    found = unassessed(why, **values)
    return {"assessed": False, "reason": found["reason"], "values": found["values"]}


def _measures(found: Measures) -> ComparedMeasures:
    return cast(ComparedMeasures, {measure: found[measure] for measure in COMPARED})


def result(low: float, positives: int, margin: float) -> Literal["good", "few", "warn", "bad"]:
    """Return what the lower end of the gain in average precision says; ``few`` where it cannot say better."""
    if low > 0:
        return "good" if positives >= FEW_POSITIVES else "few"
    return "warn" if low > margin else "bad"


def rival(source: Source) -> Model | None:
    """Return the champion, or where that is this very model the one before it:
    a release changes no report.
    """
    for name in SERVING:
        if (source.folder / name / "card.json").exists() and (found := _other(source, name)):
            return found
    return None


def _other(source: Source, name: str) -> Model | None:
    """The released model of this folder as it was judged, None where it is the very model asked about.

    What serves may have learnt the test rows that are asked about.
    """
    folder = source.folder / name
    found = Model.load(folder / JUDGED if (folder / JUDGED).exists() else folder)
    same = found.booster.save_raw("ubj") == source.model.booster.save_raw("ubj")
    return None if same and found.encoder == source.model.encoder else found


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation."""
    from scipy.stats import spearmanr

    return float(spearmanr(first, second).statistic)
