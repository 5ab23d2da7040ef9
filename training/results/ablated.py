"""What more data, and each group of features, would change: ``learning_curve.json`` and ``ablation.json``."""

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact
from training.results.estimate import Estimate


@with_config(STRICT)
class VariantJudged(TypedDict):
    """A variant on the validation blocks; ``loss_…`` against everything, paired, None of that itself."""

    variant: str
    inputs: int
    learnt: int  # rows
    auc: Estimate
    average_precision: Estimate
    loss_auc: Estimate | None
    loss_average_precision: Estimate | None


@with_config(STRICT)
class Variants(TypedDict):
    """Variants of one task, everything first."""

    task: str
    data: str
    rows: int
    positives: int
    variants: list[VariantJudged]


@artifact("learning_curve.json")
class LearningCurve(Variants):
    """Variants that learn from fewer subjects, or from fewer days."""


@artifact("ablation.json")
class Ablation(Variants):
    """Variants without a group of features, or with one alone."""
