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
class Lost(TypedDict):
    """Members with such tickets or texts, who then fell silent, how many a year beyond members alike."""

    members: int
    members_year: int
    silence: Silence | None
    lost: float | None


@with_config(STRICT)
class Consequences(Lost):
    """The same, and where and at which stage of life it weighs most."""

    where: Most | None
    stage: Most | None


@with_config(STRICT)
class Tickets(TypedDict):
    """Tickets of a topic or sub-topic: own minutes, contacts, days to resolve, share of low ratings.

    Of texts of a topic ``told_in`` is the table that has them, and ``low`` the share that sounds bad.
    """

    told_in: Words | None
    topic: str
    subtopic: str | None
    tickets: int
    minutes: float | None
    contacts: float | None
    days: float | None
    low: LowRatings


@with_config(STRICT)
class Driver(Tickets, Consequences):
    """Tickets or texts of a kind, and what follows."""


@with_config(STRICT)
class RankedDriver(Driver):
    """The same with its place, 1 the first."""

    priority: int


@with_config(STRICT)
class NamedDriver(Tickets, Lost):
    """The same in words."""

    priority: int
    where: NamedMost | None
    stage: NamedMost | None
    name: Words


@with_config(STRICT)
class TextTopic(TypedDict):
    """A topic by the words that name it: its texts, the share of refits that find it, its mean tone."""

    name: str
    texts: int
    found_again: float
    tone: float | None


@with_config(STRICT)
class TextColumn(TypedDict):
    """Texts of members, what they are about, and how far that can be trusted: see ``TextModel``.

    ``learnt_until`` is an ISO time, ``other`` the share of texts that no topic
    fits; ``tone_from`` the ratings' column, None of a list.
    """

    table: Words
    column: Words
    texts: int
    members: int
    learnt_from: int
    learnt_until: str
    other: float
    same_topic: float | None
    tone_from: str | None
    tone_auc: float | None
    topics: list[TextTopic]


# ``from`` and ``to`` in seconds.
Counted = TypedDict("Counted", {"from": int, "to": int, "tickets": int, "members": int})
Counted.__pydantic_config__ = STRICT  # type: ignore[attr-defined]


@artifact("drivers.json")
class RankedDrivers(Counted):
    """Topics of tickets and texts, and sub-topics of tickets, in order of priority; what texts are about."""

    topics: list[RankedDriver]
    subtopics: list[RankedDriver]
    texts: list[TextColumn]


@with_config(STRICT)
class Dissatisfaction(Counted):
    """The section of the report."""

    assessed: Literal[True]
    topics: list[NamedDriver]
    subtopics: list[NamedDriver]
    texts: list[TextColumn]
