"""How much of a label is chance, and which settings would make it less."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from features.lifecycle_limits import LifecycleLimits
from models.population import Tables
from models.populations.members import Buyers, FallSpine
from models.task import Task
from training.stages.dataset import by_chance, summary

LIMIT = 0.1  # share of positives; above it a model learns who comes rarely as well
DAYS, ODDS = (60, 90, 120, 150, 180), (1.0, 5.0, 20.0)
ONE_MOMENT = 100_000  # days between moments: the second would lie before all data


@dataclass(frozen=True)
class Setting:
    """A window (days) and the odds asked for, with the share of positives that is chance."""

    days: int
    odds: float
    share: float

    @property
    def written(self) -> str:
        return f"{{days: {self.days}, odds: {self.odds:g}}}"


def advice(
    task: Task, share: float, data: Tables, spine: FallSpine, limits: LifecycleLimits, end: int
) -> str:
    """Return what is said where ``share`` of the positives is chance, and the shortest window with less."""
    told = (
        f"an unchanged rhythm alone would give {share:.0%} of the outcomes, "
        "and a model would learn who comes rarely"
    )
    tried = []
    for setting in _settings(task, data, spine, limits, end):
        if setting.share <= LIMIT:
            return f"{told}; with `spine.{task.name}: {setting.written}` it is {setting.share:.0%}"
        tried.append(setting)
    if not tried:
        return f"{told}; the data are too short for a longer window"
    best = min(tried, key=lambda one: one.share)
    least = f"{best.share:.0%}, with `spine.{task.name}: {best.written}`"
    return f"{told}; least of what these data allow is {least}"


def _settings(
    task: Task, data: Tables, spine: FallSpine, limits: LifecycleLimits, end: int
) -> Iterator[Setting]:
    """Shorter windows first, since they answer sooner; each asked at its newest moment."""
    people = cast(Buyers, task.population)  # of whom alone a fall is asked
    once = spine.model_copy(update={"every_days": ONE_MOMENT, "cutoffs": 2, "test_start": None})
    for days in sorted({*DAYS, spine.days}):
        window = once.model_copy(update={"days": days})
        try:
            rows = people.past(data, window, limits, 0, end).select("member_id", "as_of")
        except ValueError:  # no closed window so long
            return
        moment = int(rows["as_of"].max() or 0)
        for odds in sorted({*ODDS, spine.odds}):  # who is asked hangs on no odds
            other = window.model_copy(update={"odds": odds})
            found = summary(people.labelled(rows, data, other, moment), task)
            if found.positives:
                yield Setting(days, odds, by_chance([found]) or 0.0)
