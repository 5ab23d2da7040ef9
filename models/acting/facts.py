"""What a scene may ask about: facts of members and of leads, as of the extract.

A fact that is not known never fulfils a condition. Facts ``of_service`` come from what members asked the
brand themselves (an open ticket): they are known without a profile, and so also of those who refused one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from features.lifecycle import STAGES
from models.phrases import LANGUAGES, amount, catalogue, value_words
from models.task import task, task_names

MEMBER, LEAD = "member", "lead"
NUMBER, CATEGORY, BOOLEAN = "number", "category", "boolean"


@dataclass(frozen=True)
class Fact:
    """One fact: about whom, of which kind, its unit or the words it may be, and what it is read from.

    Parameters
    ----------
    unit
        Of a number, as in the catalogue of features.
    allowed
        Words of a category; empty where any word may stand.
    bands
        What a task's bands are called in each language.
    source
        Table, ``portrait`` or ``<task>``: without it the fact is known of nobody.
    """

    about: str
    kind: str
    source: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    of_service: bool = False
    bands: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def says(self, name: str, value: object, language: str) -> str:
        """Return the fact as a sentence, such as ``Last order 74 days ago``."""
        words = catalogue()["acting"]
        task_name, _, what = name.rpartition("_")
        text = words["facts"].get(name) or words["facts"][what]
        about = words["tasks"].get(task_name, {}).get(language, task_name)
        return str(text[language]).format(value=self._words(name, value, language), task=about)

    def _words(self, name: str, value: object, language: str) -> str:
        if self.kind == NUMBER and isinstance(value, int | float):
            return amount(float(value), self.unit, language)
        if self.bands:
            return self.bands[str(value)][LANGUAGES.index(language)]
        if name == "stage" and str(value) in STAGES:
            return STAGES[str(value)][LANGUAGES.index(language)]
        return value_words(str(value))[language]


@cache
def facts() -> dict[str, Fact]:
    """Return every fact by its name."""
    days: dict[str, tuple[str, str]] = {
        "days_since_order": (MEMBER, "purchases"), "days_since_first_order": (MEMBER, "purchases"),
        "pack_empty_days": (MEMBER, "purchases"), "cart_days": (MEMBER, "events"),
        "days_since_seen": (MEMBER, "events"), "days_since_rating": (MEMBER, "care"),
        "lead_age_days": (LEAD, "leads"), "lead_waits_days": (LEAD, "events"),
    }  # fmt: skip
    found = {name: Fact(about, NUMBER, source, "days") for name, (about, source) in days.items()}
    found |= {
        "open_complaint": Fact(MEMBER, BOOLEAN, "care", of_service=True),
        "complaint_days": Fact(MEMBER, NUMBER, "care", "days", of_service=True),
        "satisfaction": Fact(MEMBER, NUMBER, "care", "stars"),
        "orders": Fact(MEMBER, NUMBER, "purchases", "orders"),
        "pack_bought": Fact(MEMBER, NUMBER, "purchases", "days"),
        "pack": Fact(MEMBER, CATEGORY, "purchases"),
        "stage": Fact(MEMBER, CATEGORY, "portrait", allowed=tuple(STAGES)),
        "value_tier": Fact(MEMBER, CATEGORY, "portrait", allowed=("A", "B", "C")),
        "rhythm": Fact(MEMBER, CATEGORY, "portrait", allowed=("steady", "irregular", "few", "none")),
        "risk": Fact(MEMBER, CATEGORY, "portrait", allowed=("low", "watch", "high", "unknown")),
    }
    return found | _scores()


def _scores() -> dict[str, Fact]:
    """Band and probability of each released task; of response the highest among its campaigns."""
    found = {}
    for name in task_names():
        one = task(name)
        about = LEAD if one.question_key == "lead_id" else MEMBER
        bands = {band.name: (f"{band.name}, {band.en}", f"{band.name}，{band.zh}") for band in one.bands}
        found[f"{name}_band"] = Fact(about, CATEGORY, name, allowed=tuple(bands), bands=bands)
        found[f"{name}_probability"] = Fact(about, NUMBER, name, "share")
    return found
