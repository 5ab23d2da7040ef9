"""What ``evaluate`` found on the test: ``metrics.json``, the headline, and ``detail.json``, all of it."""

from typing import Final, Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact
from training.results.estimate import Estimate, Measures

Monthly = Literal["auc", "lift_10", "expected_over_observed"]
MONTHLY: Final[tuple[Monthly, ...]] = ("auc", "lift_10", "expected_over_observed")


@artifact("metrics.json")
class Metrics(TypedDict):
    """Fifteen flat numbers, their names stable: what runs are compared by."""

    auc: float | None
    average_precision: float | None
    lift_10: float | None
    capture_20: float | None
    brier: float | None
    expected_over_observed: float | None
    calibration_error: float | None
    auc_low: float | None
    auc_high: float | None
    average_precision_low: float | None
    average_precision_high: float | None
    gain_average_precision: float | None  # over the best baseline
    gain_average_precision_low: float | None
    rebased_expected_over_observed: float | None
    base_rate: float


@with_config(STRICT)
class Decile(TypedDict):
    """A tenth of the rows by score, the first the highest; ``capture`` and ``cumulative_lift`` up to it."""

    decile: int
    n: int
    positives: int
    rate: float
    rate_low: float
    rate_high: float
    expected: float
    score_low: float
    score_high: float
    lift: float
    capture: float
    cumulative_lift: float


@with_config(STRICT)
class Period(TypedDict):
    """A calendar month, ``YYYY-MM``, of the moments asked; measures where rows of both classes are in it."""

    period: str
    n: int
    positives: int
    rate: float
    expected: float
    auc: NotRequired[Estimate]
    lift_10: NotRequired[Estimate]
    expected_over_observed: NotRequired[Estimate]


@artifact("detail.json")
class Detail(TypedDict):
    """The model and its baselines, by name, with every measure on the same test rows."""

    task: str
    data: str
    n: int
    positives: int
    subjects: int
    base_rate: float
    estimators: dict[str, Measures]
    rebased: Measures  # the model's level, following outcomes as they became known
    best_baseline: str
    unusable: list[str]  # baselines that say the same of everybody
    differences: dict[str, Measures]  # the model minus each baseline, paired
    deciles: list[Decile]
    periods: list[Period]
