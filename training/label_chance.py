"""How much of a label is chance, and which settings would make it less."""

from collections.abc import Iterator
from dataclasses import dataclass

from features.lifecycle_limits import LifecycleLimits
from models.members import FallSpine
from models.population import Tables
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
    for days in sorted({*DAYS, spine.days}):
        for odds in sorted({*ODDS, spine.odds}):
            other = spine.model_copy(
                update={
                    "days": days,
                    "odds": odds,
                    "every_days": ONE_MOMENT,
                    "cutoffs": 2,
                    "test_start": None,
                }
            )
            try:
                rows = task.population.past(data, other, limits, 0, end)
            except ValueError:  # no closed window so long
                return
            if rows["label"].sum():
                yield Setting(days, odds, by_chance([summary(rows, task)]) or 0.0)
