"""Sections of the report on what drives the score, of all rows and of single ones."""

from typing import Literal, final

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT
from training.results.explained import FamilyWeight, FeatureAuc, FeatureWeight
from training.results.section import Named, Words
from training.results.served import ReasonStability

Direction = Literal["up", "down", "mixed", "category"]


@with_config(STRICT)
class FeatureWords(Named):
    """A feature's name in each language, its unit and family."""

    unit: str
    family: str


@with_config(STRICT)
class ShownWeight(FeatureWeight, FeatureWords):
    """Mean absolute contribution of a feature, with its words."""


@with_config(STRICT)
class GroupWeight(TypedDict):
    """Mean absolute contribution of a group, its features summed first."""

    group: Words
    value: float


@with_config(STRICT)
class Dots(TypedDict):
    """Contributions of sampled rows, and the place of each value among the known ones, 0 to 1."""

    x: list[float]
    rank: list[float | None]


@with_config(STRICT)
class ValueMean(TypedDict):
    """Mean contribution of the rows with one value of a category."""

    value: str | None
    contribution: float
    n: int


@with_config(STRICT)
class UnknownMean(TypedDict):
    """Mean contribution of the rows without a value."""

    n: int
    mean: float | None


@final
@with_config(STRICT)
class CategoryDependence(FeatureWords):
    """How contributions hang on the value of a category."""

    feature: str
    categories: list[ValueMean]


@final
@with_config(STRICT)
class NumberDependence(FeatureWords):
    """Value ``x`` of a number against its contribution ``y``, rows without a value beside."""

    feature: str
    x: list[float]
    y: list[float]
    unknown: UnknownMean


Dependence = CategoryDependence | NumberDependence


@with_config(STRICT)
class Trend(FeatureWords):
    """Whether more of a feature goes with a higher contribution."""

    feature: str
    correlation: float | None
    direction: Direction


@with_config(STRICT)
class Drivers(TypedDict):
    """What drives the score on a sample of the test, in log-odds."""

    assessed: Literal[True]
    n: int
    base: float
    max_error: float
    tolerance: float
    features: list[ShownWeight]
    families: list[FamilyWeight]
    groups: list[GroupWeight]
    swarm: dict[str, Dots]
    dependence: list[Dependence]
    permuted: dict[str, FeatureAuc]
    directions: list[Trend]


@with_config(STRICT)
class ShownReason(TypedDict):
    """A reason as the service words it."""

    code: str
    group: str
    direction: str
    contribution: float
    text: Words


@with_config(STRICT)
class BandName(Named):
    """A band's name, its own and in each language."""

    name: str


@with_config(STRICT)
class Example(TypedDict):
    """A test row under a pseudonym; no month where the source has no dates."""

    kind: str
    name: str
    month: str | None
    probability: float
    band: BandName
    label: int
    reasons: list[ShownReason]


@with_config(STRICT)
class Examples(TypedDict):
    """A few test rows with their reasons."""

    assessed: Literal[True]
    examples: list[Example]
    base: float
    reasons: ReasonStability
