"""What ``memberlens compare`` finds between two executions of a task."""

from typing import NotRequired

from typing_extensions import TypedDict

from training.results.estimate import Estimate, FiniteEstimate, Swapped

Differing = dict[str, tuple[object, object]]  # by name the values of the first and of the second


class RowCounts(TypedDict):
    """Test rows of each and of both; ``other_label`` of these have another outcome by now."""

    first: int
    second: int
    both: int
    other_label: int


class Profit(TypedDict):
    """Money that one side's order brings."""

    value: float


class MoneyCompared(TypedDict):
    """What acting on the stated ``capacity`` brings by each order, in the brand's currency."""

    worth: float
    cost: float
    capacity: float
    first: Profit
    second: Profit
    difference: FiniteEstimate


class MetricCompared(TypedDict):
    """A metric of both, and second minus first on the same resamples."""

    first: Estimate
    second: Estimate
    difference: Estimate


class Comparison(TypedDict):
    """What differs; without common rows of both classes there are neither metrics nor money."""

    params: Differing
    data: Differing
    rows: RowCounts
    metrics: NotRequired[dict[str, MetricCompared]]
    top: NotRequired[list[Swapped]]
    money: NotRequired[MoneyCompared | None]
