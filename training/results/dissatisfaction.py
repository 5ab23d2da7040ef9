"""What makes members dissatisfied: ``drivers.json`` of the command, and the section of the churn report."""

from typing import Literal

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact
from training.results.section import Words


@with_config(STRICT)
class LowRatings(TypedDict):
    """Share of ratings of 1 or 2 stars among ``n``, and the share among ``others``; None of no ratings."""

    value: float | None
    low: float
    high: float
    n: int
    positives: int
    others: float | None


@with_config(STRICT)
class Silence(TypedDict):
    """Difference in silence against members alike: ``rate`` against the ``expected`` one."""

    value: float
    low: float
    high: float
    n: int
    positives: int
    rate: float
    expected: float


@with_config(STRICT)
class Most(TypedDict):
    """The cell with the highest share of moments with such a ticket, and the share of all."""

    values: list[str]
    share: float
    overall: float
    n: int


@with_config(STRICT)
class NamedMost(Most):
    """The same with the cell's name."""

    label: Words


@with_config(STRICT)
class Tickets(TypedDict):
    """Tickets of a topic or sub-topic: members, own minutes, contacts, days to resolve, ratings."""

    topic: str
    subtopic: str | None
    tickets: int
    members: int
    members_year: int
    minutes: float | None
    contacts: float | None
    days: float | None
    low: LowRatings


@with_config(STRICT)
class Consequence(Tickets):
    """The same, who then fell silent, and how many a year beyond what members alike do."""

    silence: Silence | None
    lost: float | None


@with_config(STRICT)
class Driver(Consequence):
    """The same, and where and at which stage of life it weighs most."""

    where: Most | None
    stage: Most | None


@with_config(STRICT)
class RankedDriver(Driver):
    """The same with its place, 1 the first."""

    priority: int


@with_config(STRICT)
class NamedDriver(Consequence):
    """The same in words."""

    priority: int
    where: NamedMost | None
    stage: NamedMost | None
    name: Words


# ``from`` and ``to`` in seconds.
Counted = TypedDict("Counted", {"from": int, "to": int, "tickets": int, "members": int})
Counted.__pydantic_config__ = STRICT  # type: ignore[attr-defined]


@artifact("drivers.json")
class RankedDrivers(Counted):
    """Topics, and sub-topics, in order of priority."""

    topics: list[RankedDriver]
    subtopics: list[RankedDriver]


@with_config(STRICT)
class Dissatisfaction(Counted):
    """The section of the report."""

    assessed: Literal[True]
    topics: list[NamedDriver]
    subtopics: list[NamedDriver]
