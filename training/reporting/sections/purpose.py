"""What the model is for: the event in one sentence, who may use it for what, and for what not."""

from typing import cast

from training.reporting.sections.timing import pauses
from training.reporting.source import Source
from training.results.report_duties import ModelInfo, Purpose


def purpose(source: Source) -> Purpose:
    """Return the definition from the card, human words from the file of model information."""
    card = source.card
    return {
        "assessed": True,
        "dated": source.dated,
        "question": card["question"],
        "positive": card["positive"],
        "days": card["days"],
        "gap": card["gap"],
        "key": card["key"],
        "base_rate": card["base_rate"],
        "bands": card["bands"],
        "pauses": pauses(source),
        "by_chance": source.facts["by_chance"],
        "info": cast(ModelInfo, source.info.model_dump(mode="json")),
    }
