"""What is told of a campaign: who gets what and where money goes next, and of a readout what it brought."""

from typing import Generic, TypeVar

from typing_extensions import TypedDict

from models.acting.documents import PlanFacts
from models.acting.intervals import Expected
from models.card import Words

Row = TypeVar("Row")


class Sums(TypedDict):
    """Members contacted, money spent on them and the answers expected of it."""

    contacted: int
    cost: float
    answers: Expected


class SumsByName(Sums):
    """The same of a channel or a content."""

    name: str


class LayerSums(SumsByName):
    """The same of a layer of members."""

    members: int
    held_out: int


class Rows(TypedDict, Generic[Row]):
    """A table; ``small`` members are in rows too small to be told."""

    rows: list[Row]
    small: int


class Moved(TypedDict):
    """Members, money and what it brings beyond its cost, from one plan to another."""

    members: int
    spend: float
    brings: Expected


class MovedByName(Moved):
    """The same of a layer, a channel or a content."""

    name: str


class NextMoney(Moved):
    """What ``step`` more money would bring; ``cared`` complaints more would be answered."""

    step: float
    cared: int
    by: dict[str, list[MovedByName]]


class RegionCell(TypedDict):
    """Customers of a region and tier of city, the share of them and of all ``others`` that went silent."""

    region: str
    city_tier: str
    customers: int
    silent: float
    others: float | None
    worse: bool
    there: Moved  # what more money would bring if it were spent there alone


class NotScored(Words):
    """Why members got no score, and how many."""

    n: int


class StatedBy(TypedDict):
    """Who stated what an answer is worth, and when."""

    owner: str | None
    date: str | None


class PageFacts(TypedDict):
    """What the page of a plan tells beyond the plan's own figures."""

    not_scored_why: list[NotScored]
    layers: dict[str, Rows[LayerSums] | Rows[SumsByName]]
    next: NextMoney
    diagnosis: list[RegionCell]
    stated: StatedBy


class BriefFacts(PlanFacts, PageFacts):
    """``plan.json`` beside the page: the plan's figures, the page's, and the hash of the list."""

    list_sha256: str


class AddedTotal(TypedDict):
    """What contacts added in all, its 95 % interval, a member's part, and the standard error."""

    value: float
    low: float
    high: float
    each: float
    error: float


class GroupAnswers(TypedDict):
    """What answers contacts added in a group of members."""

    members: int
    answers: AddedTotal


class GroupRead(GroupAnswers):
    """What contacts added in a group of members, in answers and money."""

    held_answers: float
    margin: AddedTotal


class Realised(TypedDict):
    """Answers of those contacted, and how many the plan expected of them."""

    answers: float
    predicted: float


class WarningRead(TypedDict):
    """What to know before the figures are believed."""

    code: str
    en: str
    zh: str


class CampaignRead(TypedDict):
    """What was found in a file of contacts."""

    members: int
    held_out: int
    held_answers: float
    answers: AddedTotal
    margin: AddedTotal
    net: AddedTotal
    opt_outs: AddedTotal
    plain: AddedTotal
    variance_left: float
    predicted: float
    realised: Realised
    cost: float
    contacted_though_held_out: int
    not_contacted: int
    groups: dict[str, dict[str, GroupRead | None]]
    warnings: list[WarningRead]


class ReadoutFacts(CampaignRead):
    """``readout.json`` of a plan: the same, and of which plan, when and how often it was looked at."""

    name: str
    data: str
    day: str
    unit: str
    currency: str | None
    window_days: float
    worth_of_an_answer: float
    days: int
    looks: int
    stated: list[str]
