"""Sections of the report that tell how good the model is, straight from what the stages found."""

from typing import Final, Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, Best, Candidate, Trial
from training.results.backtested import Backtest, RandomSplit
from training.results.estimate import Band, Estimate, FiniteEstimate, Measures
from training.results.evaluated import Decile, Period
from training.results.explained import Moved, ShownRuns
from training.results.served import Learnt


@with_config(STRICT)
class Line(TypedDict):
    """Slope and intercept of a calibration in log-odds."""

    slope: float
    intercept: float


@with_config(STRICT)
class Serves(TypedDict):
    """How the released model learns and keeps its level."""

    learn: str
    level: str
    learnt: Learnt


@with_config(STRICT)
class ShownMeasures(TypedDict):
    """What the table of estimators tells."""

    auc: Estimate
    average_precision: Estimate
    lift_10: Estimate
    brier: Estimate
    log_loss: Estimate


@with_config(STRICT)
class Method(TypedDict):
    """Search, chosen settings, and what the model was held against."""

    assessed: Literal[True]
    features: int
    groups: int
    trials: list[Trial]
    complete: int
    best: Best
    at_edge: list[str]
    holds: bool
    estimator: str
    bags: int
    candidates: list[Candidate]
    unusable: list[str]
    serves: Serves
    calibration: Line
    seed: int
    n: int
    positives: int
    estimators: dict[str, ShownMeasures]
    differences: dict[str, ShownMeasures]
    best_baseline: str
    random_split: RandomSplit


@with_config(STRICT)
class GainsCurve(Band):
    """Return the share of the positives caught by each share of the rows."""

    share: list[float]
    capture: list[float]


@with_config(STRICT)
class Waiting(TypedDict):
    """Return the share of a part of the list whose event had come by each day."""

    part: str
    n: int
    share: list[float]


@with_config(STRICT)
class Timing(TypedDict):
    """When events come after the question; ``absent`` where the outcome is that none comes."""

    absent: bool
    gap: int
    days: list[float]
    lines: list[Waiting]


@with_config(STRICT)
class Roc(TypedDict):
    """True positive rate at each false positive rate."""

    false: list[float]
    true: list[float]


@with_config(STRICT)
class Ranking(TypedDict):
    """How well the scores put the right rows first."""

    assessed: Literal[True]
    n: int
    positives: int
    base_rate: float
    baseline: str
    curves: dict[str, GainsCurve]
    deciles: list[Decile]
    inversions: list[int]
    estimates: dict[str, Measures]
    difference: Measures
    timing: Timing | None
    roc: Roc
    ks: float


@with_config(STRICT)
class ReliabilityPart(TypedDict):
    """Expected and observed rate of a part of the rows by score."""

    expected: float
    observed: float
    low: float
    high: float
    n: int
    positives: int


@with_config(STRICT)
class CalibrationMeasures(TypedDict):
    """What is measured of probabilities."""

    brier: Estimate
    log_loss: Estimate
    expected_over_observed: Estimate
    calibration_error: Estimate


@with_config(STRICT)
class Ratio(FiniteEstimate):
    """Observed over expected of some rows."""

    n: int
    positives: int


@with_config(STRICT)
class BrierParts(TypedDict):
    """The Brier score as miscalibration - discrimination + uncertainty."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float


@with_config(STRICT)
class Calibration(TypedDict):
    """Whether a predicted probability is the rate that is then observed."""

    assessed: Literal[True]
    n: int
    positives: int
    parts: list[ReliabilityPart]
    histogram: list[int]
    ratio: Ratio
    ratio_top: Ratio
    rebased: Estimate
    recalibration: Line
    measures: CalibrationMeasures
    brier: BrierParts
    periods: list[Period]


@with_config(STRICT)
class Stability(TypedDict):
    """The test by month and at rolling origins; ``reason`` where the source has no dates."""

    assessed: bool
    reason: NotRequired[str]
    values: NotRequired[dict[str, int]]
    periods: list[Period]
    worst: Period | None
    backtest: Backtest | None


Level = Literal["good", "warn", "bad"]
LEVELS: Final[tuple[Level, ...]] = ("good", "warn", "bad")


@with_config(STRICT)
class Psi(TypedDict):
    """A population stability index and its traffic light."""

    psi: float
    level: Level


@with_config(STRICT)
class FeaturePsi(Psi):
    """The same of an input; ``mass`` is its share of all contributions."""

    feature: str
    mass: float


@with_config(STRICT)
class PromisedAuc(TypedDict):
    """The AUC that probabilities promise on the test and on everybody scored, and the realised one."""

    test: float
    realised: Estimate
    scored: NotRequired[float]


@with_config(STRICT)
class Drift(TypedDict):
    """Whether the rows to be scored look like those learnt from."""

    assessed: Literal[True]
    n: int
    reference: int
    amber: float
    red: float
    score: Psi
    unchanged: float
    expected: PromisedAuc
    features: list[FeaturePsi]
    counts: dict[Level, int]


@with_config(STRICT)
class SourceMoved(Moved):
    """An AUC with every feature of a group left empty; the group in both languages."""

    group: dict[str, str]


@with_config(STRICT)
class Robustness(ShownRuns):
    """The stress runs, weakest source first."""

    assessed: Literal[True]
    blanked: list[SourceMoved]
