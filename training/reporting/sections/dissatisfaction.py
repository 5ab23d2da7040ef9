"""What makes members dissatisfied, in order of priority: shown with the churn model."""

from collections.abc import Iterable

from models.phrases import LANGUAGES, value_words
from training.evaluation.dissatisfaction import ranked_drivers
from training.reporting.sections.factors import label
from training.reporting.source import Source, unassessed
from training.results.dissatisfaction import Dissatisfaction, Most, NamedDriver, NamedMost, RankedDriver
from training.results.section import Unassessed, Words


def dissatisfaction(source: Source) -> Dissatisfaction | Unassessed:
    """Return drivers by topic and sub-topic; where the task is another, or care data are absent, why not."""
    if source.task != "churn":
        return unassessed("dissatisfaction_elsewhere" if "churn" in source.params.tasks else "no_churn")
    found = ranked_drivers(source.params)
    if found is None:
        return unassessed("no_care")
    return {
        "assessed": True,
        **found,
        "topics": [_named(row) for row in found["topics"]],
        "subtopics": [_named(row) for row in found["subtopics"]],
    }


def _named(row: RankedDriver) -> NamedDriver:
    where, stage, both = row["where"], row["stage"], (row["topic"], row["subtopic"])
    return {
        **row,
        "where": where and _labelled(where, _words(where["values"], " ")),
        "stage": stage and _labelled(stage, label("stage", stage["values"][0])),
        "name": _of_text(row["topic"], row["told_in"]) if row["told_in"] else _words(both, " · "),
    }


def _of_text(topic: str, told_in: Words) -> Words:
    """Words that name a topic, and where members wrote them."""
    return {"en": f"“{topic}” ({told_in['en']})", "zh": f"“{topic}”（{told_in['zh']}）"}


def _labelled(cell: Most, words: Words) -> NamedMost:
    return {**cell, "label": words}


def _words(values: Iterable[str | None], between: str) -> Words:
    """Values side by side, in each language."""
    known = [value_words(value) for value in values if value]
    return {
        language: between.join(one[language].replace("_", " ") for one in known) for language in LANGUAGES
    }
