"""A figure with its 95 % interval, and the measures of a set of scores that are told with one."""

from typing import Final, Literal

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT

Metric = Literal[
    "auc", "average_precision", "capture_1", "capture_5", "capture_10", "capture_20", "lift_1", "lift_5",
    "lift_10", "lift_20", "brier", "log_loss", "expected_over_observed", "calibration_error",
]  # fmt: skip
End = Literal["value", "low", "high"]
Direction = Literal["more", "less", "unclear"]
ENDS: Final[tuple[End, ...]] = ("value", "low", "high")


@with_config(STRICT)
class Estimate(TypedDict):
    """A figure and the ends of its 95 % interval; None where rows of both classes were too few."""

    value: float | None
    low: float | None
    high: float | None


@with_config(STRICT)
class FiniteEstimate(TypedDict):
    """A figure that is always there, with the ends of its 95 % interval."""

    value: float
    low: float | None
    high: float | None


def direction(low: float | None, high: float | None) -> Direction:
    """Tell whether an interval lies above zero, below it, or across: then nothing is claimed.

    Examples
    --------
    >>> direction(1.0, 9.0), direction(-1.0, 9.0), direction(-9.0, -1.0), direction(None, None)
    ('more', 'unclear', 'less', 'unclear')
    """
    if low is None or high is None:
        return "unclear"
    return "more" if low > 0 else "less" if high < 0 else "unclear"


@with_config(STRICT)
class Band(TypedDict):
    """The ends of the 95 % intervals along a curve."""

    low: list[float | None]
    high: list[float | None]


@with_config(STRICT)
class Measures(TypedDict):
    """Every measure of ``training.evaluation.metrics`` of one set of scores, or of the difference of two."""

    auc: Estimate
    average_precision: Estimate
    capture_1: Estimate
    capture_5: Estimate
    capture_10: Estimate
    capture_20: Estimate
    lift_1: Estimate
    lift_5: Estimate
    lift_10: Estimate
    lift_20: Estimate
    brier: Estimate
    log_loss: Estimate
    expected_over_observed: Estimate
    calibration_error: Estimate


@with_config(STRICT)
class Rate(TypedDict):
    """A share of positives among ``n`` rows with its interval by subject; ``value`` is None of no rows."""

    n: int
    positives: int
    value: float | None
    low: float
    high: float


@with_config(STRICT)
class Swapped(Rate):
    """Rows in the highest tenth by both models, by the new one only (``enter``), by the old one only."""

    part: Literal["both", "enter", "leave"]
