"""What makes members dissatisfied, in order of priority: shown with the churn model."""

from typing import Any

from training.evaluation.dissatisfaction import drivers
from training.reporting.source import Source, unassessed


def dissatisfaction(source: Source) -> dict[str, Any]:
    """Drivers by topic and sub-topic; where the task is another, or care data are absent, why not."""
    if source.task != "churn":
        return unassessed("dissatisfaction_elsewhere" if "churn" in source.params.tasks else "no_churn")
    found = drivers(source.params)
    return unassessed("no_care") if found is None else {"assessed": True, **found}
