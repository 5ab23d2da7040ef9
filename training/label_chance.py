"""How much of a label is chance, and which settings would make it less."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from features.lifecycle_limits import LifecycleLimits
from models.population import Tables
from models.populations.members import Buyers, FallSpine
from models.task import Task
from training.stages.dataset import by_chance, summary

LIMIT = 0.1  # share of positives; above it a model learns who comes rarely as well
DAYS, ODDS = (60, 90, 120, 150, 180), (1.0, 5.0, 20.0)
Fits = Callable[[FallSpine], bool]
ONE_MOMENT = 100_000  # days between moments: the second would lie before all data


def every(_spine: FallSpine) -> bool:
    return True


@dataclass(frozen=True)
class Setting:
    """A window (days) and the odds asked for, with the share of positives that is chance."""

    days: int
    odds: float
    share: float

    @property
    def written(self) -> str:
        return f"{{days: {self.days}, odds: {self.odds:g}}}"

    def of(self, spine: FallSpine) -> FallSpine:
        """Return the settings of a task with this window and these odds."""
        return spine.model_copy(update={"days": self.days, "odds": self.odds})


def told(share: float) -> str:
    """Say what it means that ``share`` of the positives is chance."""
    return (
        f"an unchanged rhythm alone would give {share:.0%} of the outcomes, "
        "and a model would learn who comes rarely"
    )


def advice(name: str, share: float, setting: Setting | None) -> str:
    """Return what is said where ``share`` of a task's positives is chance; ``setting`` is ``proposed``'s."""
    if setting is None:
        return f"{told(share)}; the data are too short for settings that leave less to it"
    if setting.share <= LIMIT:
        return f"{told(share)}; with `spine.{name}: {setting.written}` it is {setting.share:.0%}"
    least = f"{setting.share:.0%}, with `spine.{name}: {setting.written}`"
    return f"{told(share)}; least of what these data allow is {least}"


def proposed(
    task: Task,
    share: float,
    data: Tables,
    spine: FallSpine,
    limits: LifecycleLimits,
    end: int,
    fits: Fits = every,
) -> Setting | None:
    """Find the shortest window, and the least odds in it, that leave less than a tenth to chance.

    Parameters
    ----------
    share
        Of the positives under ``spine``, what is chance.
    fits
        Whether a task can be trained with settings; others are passed over.

    Returns
    -------
    That setting; where no window has less, the one with the least, if it is less than ``share``.
    """
    tried = []
    for setting in _settings(task, data, spine, limits, end):
        if setting.share <= LIMIT and fits(setting.of(spine)):
            return setting
        tried.append(setting)
    best = sorted((one for one in tried if LIMIT < one.share < share), key=lambda one: one.share)
    return next((one for one in best if fits(one.of(spine))), None)


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
