"""Every contribution of one answer: for the right to an explanation."""

from datetime import datetime
from typing import Any

import numpy as np

from models.scorer import ELSEWHERE
from serving.answering import answers, inputs
from serving.champion.champion import Champion
from serving.consent.consents import Consents
from serving.contract.schema import Item
from serving.settings import Settings


def explain(
    champion: Champion, item: Item, settings: Settings, now: datetime, consents: Consents
) -> dict[str, Any]:
    """The answer for the item, with ``base``, ``log_odds`` and what each input contributes to it.

    ``base`` plus all contributions is ``log_odds``, whose logistic function is the probability.
    """
    found = answers.answer(champion, item, settings, now, consents)
    if found["status"] in ("suppressed", ELSEWHERE):
        return found
    asked = inputs.locate(champion, item, now, consents)
    frame = inputs.frame(champion, [asked])
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
    return found | {"base": round(base, 6), "log_odds": round(log_odds, 6), "contributions": parts}


def _plain(value: Any) -> Any:
    """A value as JSON takes it."""
    return (
        round(value, 6)
        if isinstance(value, float) and np.isfinite(value)
        else value
        if isinstance(value, str)
        else None
    )
