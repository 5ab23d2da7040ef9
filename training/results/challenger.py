"""The new model against the one that serves: ``challenger.json``, beside the report and no part of it."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact
from training.results.estimate import Estimate, Swapped


@with_config(STRICT)
class ComparedMeasures(TypedDict):
    """What two models are told to differ in; see ``training.evaluation.metrics.COMPARED``."""

    auc: Estimate
    average_precision: Estimate
    lift_10: Estimate
    capture_20: Estimate
    brier: Estimate
    expected_over_observed: Estimate


@artifact("challenger.json")
class Challenger(TypedDict):
    """Paired differences on the same test rows; ``reason`` where there is nothing to compare with."""

    assessed: bool
    reason: NotRequired[str]
    values: NotRequired[dict[str, int]]
    n: NotRequired[int]
    positives: NotRequired[int]
    features: NotRequired[dict[Literal["model", "champion"], int]]
    estimates: NotRequired[dict[str, ComparedMeasures]]
    difference: NotRequired[ComparedMeasures]
    correlation: NotRequired[float]
    swapped: NotRequired[list[Swapped]]
    margin: NotRequired[float]
    result: NotRequired[Literal["good", "few", "warn", "bad"]]
