"""Plans against the highest probabilities, week after week on the simulated brand: ``weeks.json``."""

from typing import Generic, TypeVar

from typing_extensions import TypedDict

Figure = TypeVar("Figure")


class OverSeeds(TypedDict, Generic[Figure]):
    """A figure's mean, least and most over the seeds."""

    value: Figure
    low: Figure
    high: Figure


class PolicyRead(TypedDict):
    """A policy's lines, a point a week, and what stands at the end of each of its figures."""

    curves: dict[str, OverSeeds[list[float]]]
    end: dict[str, OverSeeds[float]]


class WeeksRead(TypedDict):
    """``weeks.json``; ``budget`` is money of each week, ``reachable`` members before the first."""

    name: str
    data: str
    day: str
    weeks: int
    seeds: int
    budget: float
    currency: str | None
    per_fortnight: int
    members: int
    reachable: float
    policies: dict[str, PolicyRead]
