"""Sections of the report on parts of the population: today's list, groups, and where the model errs most."""

from typing import Literal

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT
from training.results.estimate import Estimate, FiniteEstimate, Rate
from training.results.section import Named, Words


@with_config(STRICT)
class ListSegment(TypedDict):
    """A part of the list beside the same part of the tested rows; None where these are few."""

    label: Words
    n: int
    share: float
    expected: float
    tested: int | None
    part: float | None
    then: float | None
    far: bool  # hardly tested


@with_config(STRICT)
class ListTable(Named):
    """The list parted by one factor; ``suppressed`` parts are too small to be told."""

    factor: str
    rows: list[ListSegment]
    suppressed: int


@with_config(STRICT)
class TestedRate(Rate):
    """The rate of tested rows, and whether they have too few positives to judge by."""

    few: bool


@with_config(STRICT)
class ListBand(Named):
    """A band of the list; None where so few are in it that they are not told."""

    name: str
    acted: bool
    n: int | None
    share: float | None
    expected: float | None
    observed: TestedRate | None


@with_config(STRICT)
class Unscored(TypedDict):
    """Who has no score to act on, and why."""

    status: str
    reason: Words | None
    n: int | None
    share: float | None


@with_config(STRICT)
class Capacity(TypedDict):
    """The stated capacity, the share of the list that is acted on, and whether the two meet."""

    capacity: float | None
    acted: float | None
    fills: Literal["none", "good", "warn"]


@with_config(STRICT)
class Covered(Capacity):
    """A list against what its model was tested on: the share in parts that the test hardly had, and which."""

    assessed: Literal[True]
    n: int
    untested: float
    far: Words


@with_config(STRICT)
class Today(Covered):
    """The list of the day: who is scored, in which bands, and whether the like was tested."""

    as_of: str
    subjects: int
    asked: int
    tested: int
    tables: list[ListTable]
    bands: list[ListBand]
    left: list[Unscored]


@with_config(STRICT)
class GroupMeasures(TypedDict):
    """AUC, and expected over observed; None where a class is absent."""

    auc: Estimate | None
    ratio: Estimate | None


@with_config(STRICT)
class GroupFigures(GroupMeasures):
    """What is known of the rows with one value of a factor."""

    value: str
    n: int
    positives: int
    rate: FiniteEstimate
    expected: float
    selected: float  # share of the group in the highest tenth of all rows
    precision: float | None  # of those
    few: bool


@with_config(STRICT)
class Group(GroupFigures):
    """The same with the group's name."""

    label: Words


@with_config(STRICT)
class Extent(TypedDict):
    """The least and the greatest of some figures."""

    low: float
    high: float


@with_config(STRICT)
class GroupTable(Named):
    """The groups of one factor; ``gap`` of their expected over observed."""

    factor: str
    suppressed: int
    gap: Extent | None
    rows: list[Group]


@with_config(STRICT)
class Cell(TypedDict):
    """Rows where values of several factors meet."""

    labels: list[Words]
    n: int
    positives: int
    rate: FiniteEstimate
    expected: float
    ratio: float


@with_config(STRICT)
class Crossed(TypedDict):
    """Cells of three factors, those furthest from what was predicted first; ``few`` are not judged."""

    factors: list[Named]
    cells: int
    few: int
    rows: list[Cell]


@with_config(STRICT)
class Side(TypedDict):
    """One side of a split; no value where it parts the known from the unknown."""

    side: Literal["≤", ">", "known", "unknown"]
    value: float | None
    or_unknown: bool


@with_config(STRICT)
class Condition(Named, Side):
    """The same of a feature."""


@with_config(STRICT)
class Slice(TypedDict):
    """Rows under all of some conditions, their log loss and that of all rows."""

    rule: list[Condition]
    n: int
    positives: int
    rate: FiniteEstimate
    expected: float
    loss: float
    overall: float


@with_config(STRICT)
class Groups(TypedDict):
    """Whether the model works for everybody."""

    assessed: Literal[True]
    few: int
    cut: float
    n: int
    positives: int
    tables: list[GroupTable]
    crossed: Crossed | None
    slices: list[Slice]
