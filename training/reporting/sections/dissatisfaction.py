"""What makes members dissatisfied, in order of priority: shown with the churn model."""

from collections.abc import Iterable
from typing import Any

from models.phrases import LANGUAGES, value_words
from training.evaluation.dissatisfaction import drivers
from training.reporting.sections.factors import label
from training.reporting.source import Source, unassessed


def dissatisfaction(source: Source) -> dict[str, Any]:
    """Drivers by topic and sub-topic; where the task is another, or care data are absent, why not."""
    if source.task != "churn":
        return dict(unassessed("dissatisfaction_elsewhere" if "churn" in source.params.tasks else "no_churn"))
    found = drivers(source.params)
    if found is None:
        return dict(unassessed("no_care"))
    for row in (*found["topics"], *found["subtopics"]):
        row["name"] = _words([row["topic"], row.get("subtopic")], " · ")
        if row["where"]:
            row["where"]["label"] = _words(row["where"]["values"], " ")
        if row["stage"]:
            row["stage"]["label"] = label("stage", row["stage"]["values"][0])
    return {"assessed": True, **found}


def _words(values: Iterable[str | None], between: str) -> dict[str, str]:
    """Values side by side, in each language."""
    known = [value_words(value) for value in values if value]
    return {
        language: between.join(one[language].replace("_", " ") for one in known) for language in LANGUAGES
    }
