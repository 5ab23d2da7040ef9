"""Every contribution of one answer, and what would have changed it: for the right to an explanation."""

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from models.counterfactual_answer import NO_SCORE, nothing
from models.few_rows import framed
from models.scorer import ELSEWHERE, OK
from serving.answering import answers, inputs
from serving.champion.champion import Champion
from serving.consent.consents import Consents
from serving.contract.schema import Item
from serving.settings import Settings


def explain(
    champion: Champion, item: Item, settings: Settings, now: datetime, consents: Consents
) -> dict[str, Any]:
    """Return the answer for the item, with ``base``, ``log_odds`` and what each input contributes to it.

    ``base`` plus all contributions is ``log_odds``, whose logistic function is the probability. Beside it
    ``counterfactual``: what would have had to be otherwise for another band.
    """
    found = answers.answer(champion, item, settings, now, consents)
    if found["status"] in ("suppressed", ELSEWHERE):
        return found
    asked = inputs.locate(champion, item, now, consents)
    frame = framed(inputs.features(champion, [asked]))
    model = champion.scorer.model
    values, base = model.contributions(model.inputs(frame))
    words = {row["name"]: row for row in champion.card["features"]}
    language = item.options.spoken
    parts = [
        {
            "input": name,
            "feature_group": words[name]["group"],
            "text": words[name][language],
            "value": _plain(frame[name].item()),
            "contribution": round(float(values[0, at]), 6),
        }
        for at, name in enumerate(model.encoder.names)
    ]
    parts.sort(key=lambda part: -abs(part["contribution"]))
    log_odds = base + float(values.sum())
    explained = {"base": round(base, 6), "log_odds": round(log_odds, 6), "contributions": parts}
    return found | explained | {"counterfactual": _otherwise(champion, frame, found["status"], language)}


def _otherwise(champion: Champion, frame: pl.DataFrame, status: str, language: str) -> dict[str, Any]:
    """What would have led to another band, or why nothing is told."""
    found = champion.counterfactuals.of(frame) if status == OK else nothing(NO_SCORE)
    changes = [
        {
            "feature": one.feature,
            "from": _plain(one.before),
            "to": _plain(one.after),
            "stated": one.stated,
            "text": one.text[language],
        }
        for one in found.changes
    ]
    probability = None if found.probability is None else round(found.probability, 6)
    told = {"found": found.found, "band": found.band, "probability": probability, "changes": changes}
    return told | {"text": found.text[language], "not_found_reason": None if found.found else found.reason}


def _plain(value: Any) -> Any:
    """A value as JSON takes it."""
    return (
        round(value, 6)
        if isinstance(value, float) and np.isfinite(value)
        else value
        if isinstance(value, str)
        else None
    )
