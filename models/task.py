"""What a model predicts: a task is data, not a class hierarchy."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from features.feature import DAY, Group
from features.lifecycle_limits import LifecycleLimits
from features.own_tables import is_own
from features.requirements import Requirement
from models.population import Boundary, Population


@dataclass(frozen=True)
class Outcome:
    """What is looked for in the time after the as-of moment.

    Parameters
    ----------
    table, kind
        The contract's table, and the value of its ``kind`` column that counts.
    keys
        Columns on which an outcome row belongs to a subject.
    absent
        The label is that nothing of the kind happens.
    once
        An outcome counts for one question alone, the newest before it: of two sendings of a campaign that an
        answer follows, it answers the later.
    """

    table: str
    kind: str
    keys: tuple[str, ...]
    absent: bool = False
    once: bool = False


@dataclass(frozen=True)
class Money:
    """Which money comes in the outcome window: ``column`` (cents) of a ``table``'s rows of the subject."""

    table: str
    column: str
    key: str


@dataclass(frozen=True)
class Band:
    """A named part of the scored population; ``share`` of it, counted from the highest score."""

    name: str
    share: float
    en: str
    zh: str


@dataclass(frozen=True)
class Task:
    """One question about one kind of subject.

    Parameters
    ----------
    population
        Who is asked about, and when.
    needs
        The tables that a source must have for it, and what each is, for people.
    question_en, question_zh
        With the settings of its spine: ``{days}``, ``{gap}`` and the like.
    positive_en, positive_zh
        What members of the positive class do, as the end of "… of cases they".
    groups
        Feature groups, in the order of the catalogue.
    metric
        The number that is tuned and put on top.
    bands
        From the highest score down; the shares add up to 1.
    acted_bands
        How many of the bands, from the first on, are those that a team acts on: where its capacity
        is stated, they fill it.
    baseline_feature, baseline_category
        The feature by which a team would sort without a model, and the category by whose rate, if any.
    money
        What comes in the window where the case ends well; None where only a stated value is known.
    cost_feature
        The feature that holds what the subject cost, in cents.
    """

    name: str
    population: Population
    needs: Mapping[str, str]
    question_en: str
    question_zh: str
    positive_en: str
    positive_zh: str
    outcome: Outcome
    groups: tuple[Group, ...]
    bands: tuple[Band, ...]
    baseline_feature: str
    baseline_category: str = ""
    metric: str = "average_precision"
    acted_bands: int = 0
    money: Money | None = None
    cost_feature: str = ""

    @property
    def question_key(self) -> str:
        """The column that identifies a question: lead, member, contact, or subject of a flat table."""
        return self.population.question_key

    @property
    def subject(self) -> str:
        """The column of those whose rows belong together: a contact is its member's."""
        return self.population.subject

    @property
    def requirement(self) -> Requirement:
        """What it needs of a source."""
        response = self.outcome.kind if self.outcome.table == "responses" else None
        optional = self.question_key == "subject_id" or any(is_own(table) for table in self.needs)
        return Requirement(self.needs, response, optional)

    def boundaries(
        self, spine: Mapping[str, Any], limits: LifecycleLimits, features: Collection[str]
    ) -> tuple[Boundary, ...]:
        """Return whom it is not about, by its settings as a model's card has them."""
        return self.population.boundaries(self.population.settings.model_validate(spine), limits, features)

    def shares(self, capacity: float | None) -> list[float]:
        """Return the share of each band; with a capacity, a share of the population, the acted bands fill it.

        Those acted on keep their proportion to each other, and so do the others.

        Examples
        --------
        >>> [round(share, 3) for share in task("lead").shares(0.2)]
        [0.067, 0.133, 0.343, 0.457]
        """
        shares = [band.share for band in self.bands]
        if capacity is None or not self.acted_bands:
            return shares
        top = sum(shares[: self.acted_bands])
        factors = (capacity / top, (1 - capacity) / (1 - top))
        return [share * factors[at >= self.acted_bands] for at, share in enumerate(shares)]


def label(
    spine: pl.DataFrame, outcomes: pl.DataFrame, outcome: Outcome, days: pl.Expr, gap: int
) -> pl.DataFrame:
    """Tell whether the outcome happens in ``[as_of + gap, as_of + gap + days)``.

    Parameters
    ----------
    spine
        ``row_id``, ``as_of`` (seconds) and the outcome's keys, one row a subject and moment.
    outcomes
        Rows of the outcome's table: its keys and ``event_time`` (seconds).
    days
        Length of the window in days, an expression over the spine.
    gap
        Days between the as-of moment and the start of the window.

    Returns
    -------
    ``spine`` with ``window_end`` (seconds) and ``label`` (0 or 1), in the same order.
    """
    start = pl.col("as_of") + gap * DAY
    asked = spine.with_columns(window_end=start + days * DAY)
    rows = outcomes.filter(pl.col("kind") == outcome.kind).select(*outcome.keys, "event_time")
    hits = (
        asked.select("row_id", "as_of", "window_end", *outcome.keys)
        .join(rows, on=list(outcome.keys), how="inner")
        .filter((pl.col("event_time") >= start) & (pl.col("event_time") < pl.col("window_end")))
    )
    if outcome.once:
        hits = hits.filter(pl.col("as_of") == pl.col("as_of").max().over(*outcome.keys, "event_time"))
    found = pl.col("row_id").is_in(hits["row_id"].unique().implode())
    return asked.with_columns(label=(~found if outcome.absent else found).cast(pl.Int8))


@cache
def task_names() -> tuple[str, ...]:
    """Return the tasks that there are, one a file in ``models/tasks``."""
    files = (Path(__file__).parent / "tasks").glob("*.py")
    return tuple(sorted(path.stem for path in files if not path.stem.startswith("_")))


def task(name: str) -> Task:
    """Return the task of the module ``models/tasks/<name>.py``: a further one is one file.

    Raises
    ------
    ValueError
        No such file, or a file without ``TASK``.
    """
    if name not in task_names():
        raise ValueError(f"task {name!r}: there are {', '.join(task_names())}")
    module = import_module(f"models.tasks.{name}")
    if not isinstance(getattr(module, "TASK", None), Task):
        raise ValueError(f"models/tasks/{name}.py has no TASK")
    return module.TASK


def requirements() -> dict[str, Requirement]:
    """Return what each task needs of a source, by name."""
    return {name: task(name).requirement for name in task_names()}
