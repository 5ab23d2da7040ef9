"""What ``value`` found: ``value.json``, the money that a case is worth."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact
from training.results.estimate import Estimate


@with_config(STRICT)
class Captures(TypedDict):
    """Return the share of all money that the highest tenth and fifth bring."""

    capture_10: Estimate
    capture_20: Estimate


@with_config(STRICT)
class Tenth(TypedDict):
    """A tenth of the rows by expected money, the first the highest; money a row."""

    tenth: int
    expected: float
    observed: Estimate


@with_config(STRICT)
class MoneyJudged(TypedDict):
    """Expected money on the test: its level (``ratio``, expected over observed) and its order."""

    n: int
    payers: int
    mean: float
    ratio: Estimate
    orders: dict[str, Captures]
    difference: Captures  # the first order minus the last, paired
    tenths: list[Tenth]


@artifact("value.json")
class Value(TypedDict):
    """Where the value of a case is from, whether it is released and why, as a key of the report's words."""

    source: Literal["learnt", "stated"] | None
    released: bool
    reason: str
    currency: NotRequired[str | None]
    amount: NotRequired[float]  # stated, as are owner and date
    owner: NotRequired[str]
    date: NotRequired[str]
    rounds: NotRequired[int]  # learnt, as is all that follows
    level: NotRequired[float]
    n: NotRequired[int]
    payers: NotRequired[int]
    mean: NotRequired[float]
    ratio: NotRequired[Estimate]
    orders: NotRequired[dict[str, Captures]]
    difference: NotRequired[Captures]
    tenths: NotRequired[list[Tenth]]
