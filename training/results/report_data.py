"""The section of the report on what the model learnt from."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, Part, Sampled, Sufficiency
from training.results.estimate import Estimate, Rate
from training.results.section import Words


@with_config(STRICT)
class TableRows(TypedDict):
    """What became of a table's rows; ``first`` and ``last`` in ISO 8601, None where there are no dates."""

    table: str
    result: Literal["good", "warn", "bad"]
    share: float  # quarantined
    read: int
    left_out: int
    accepted: int
    quarantined: int
    first: str | None
    last: str | None
    freshness_days: float | None
    reasons: dict[str, int]


@with_config(STRICT)
class Doubts(TypedDict):
    """How many findings of a kind there are about a table; ``accepted`` says why they are right."""

    table: str
    kind: str
    accepted: str
    count: int
    says: Words


@with_config(STRICT)
class ShownStep(TypedDict):
    """A step of the waterfall, as it is read."""

    step: Words
    rows: int
    subjects: int


@with_config(STRICT)
class ShownPart(Part):
    """A part of the split with its rate of positives."""

    name: str
    rate: Rate


@with_config(STRICT)
class Moments(TypedDict):
    """First and last moment asked and the last window's end of a part, in seconds."""

    split: str
    first: int
    last: int
    end: int


@with_config(STRICT)
class Window(TypedDict):
    """Days until the outcome window begins, and of the window."""

    gap: int
    days: int


@with_config(STRICT)
class GroupUse(TypedDict):
    """How many features of a group were computed, and how many the model uses."""

    group: Words
    computed: int
    used: int


@with_config(STRICT)
class FeatureUse(TypedDict):
    """A feature that was computed; ``window`` in days."""

    name: str
    table: str | None
    unit: str
    window: int | None
    says: Words
    empty: float | None
    used: bool


@with_config(STRICT)
class MissingShare(TypedDict):
    """Return the share of rows before and in the test of which a feature is not known."""

    feature: str
    past: float
    test: float


@with_config(STRICT)
class Information(TypedDict):
    """A kind of personal information, where it stands and what it is used for."""

    kind: str
    table: str
    use: str


@with_config(STRICT)
class SampleFigure(TypedDict):
    """A figure of the sample beside that of all rows; ``apart``: their distance, of what chance allows."""

    figure: str
    shown: Literal["number", "share"]
    sample: Estimate
    whole: float
    apart: float


@with_config(STRICT)
class Sample(TypedDict):
    """Of what sample a report's figures are, and how far they are from those of all rows.

    ``test`` and ``of_test`` are rows of the test, ``listed`` and ``of_listed`` those of today's list.
    """

    drawn: Sampled
    test: int
    of_test: int
    listed: int
    of_listed: int
    figures: list[SampleFigure]


@with_config(STRICT)
class Data(TypedDict):
    """Tables as ingested, the inclusion waterfall, splits and missing values."""

    assessed: Literal[True]
    dated: bool
    extracted_at: str
    fingerprint: str
    tables: list[TableRows]
    findings: list[Doubts]
    enough: list[Sufficiency]
    waterfall: list[ShownStep]
    splits: list[ShownPart]
    moments: list[Moments]
    window: Window
    left_out: dict[str, str]
    groups: list[GroupUse]
    catalogue: list[FeatureUse]
    missing: list[MissingShare]
    inventory: list[Information]
    sample: NotRequired[Sample]
