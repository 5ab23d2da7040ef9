"""What ``uplift`` found: ``uplift.json`` and the ``ranking.json`` that is released."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact
from training.results.estimate import Band, Estimate

Ranks = Literal["uplift", "propensity"]


@with_config(STRICT)
class Curve(Band):
    """Events gained per 10,000 subjects at each ``share`` contacted."""

    share: list[float]
    gain: list[float]


@with_config(STRICT)
class QiniMeasures(TypedDict):
    """How well an order finds those whom a contact moves; see ``training.evaluation.uplift_metrics``."""

    qini: Estimate
    qini_coefficient: Estimate
    uplift_10: Estimate
    uplift_20: Estimate
    uplift_30: Estimate


@with_config(STRICT)
class OrderJudged(QiniMeasures):
    """An order, with the effect on everybody (``overall``) and its curve, which random orders have not."""

    overall: NotRequired[Estimate]
    curve: NotRequired[Curve]


@with_config(STRICT)
class LearnerJudged(TypedDict):
    """A learner on the validation blocks."""

    qini: Estimate
    uplift_30: Estimate


@with_config(STRICT)
class CrossFitted(TypedDict):
    """The chosen learner on a random split, each half of the subjects predicted from the other."""

    qini: Estimate
    uplift_10: Estimate
    uplift_20: Estimate
    uplift_30: Estimate
    overall: Estimate
    n: int
    positives: int


@with_config(STRICT)
class Fifth(TypedDict):
    """A fifth of the rows by score, the first the highest: rates of both arms and their difference."""

    fifth: int
    n: int
    positives: int
    held_out: int
    treated: float
    held: float
    effect: Estimate


@with_config(STRICT)
class EffectsJudged(TypedDict):
    """Orders on the test rows of a trial: by uplift, by propensity and at random."""

    n: int
    positives: int
    held_out: int
    overall: Estimate
    orders: dict[str, OrderJudged]
    difference: QiniMeasures  # by uplift minus by propensity, paired
    fifths: dict[str, list[Fifth]]


@artifact("ranking.json")
class Ranking(TypedDict):
    """By what the released list is ordered, and why; ``reason`` is a key of the report's words."""

    ranking: Ranks
    reason: str


@with_config(STRICT)
class EffectFigures(TypedDict):
    """Whom a contact moves; only ``reason`` and ``ranking`` where nothing may be called so."""

    assessed: bool
    ranking: Ranks
    reason: str
    learner: NotRequired[str]  # with its length in rounds
    candidates: NotRequired[dict[str, LearnerJudged]]
    n: NotRequired[int]
    positives: NotRequired[int]
    held_out: NotRequired[int]
    overall: NotRequired[Estimate]
    orders: NotRequired[dict[str, OrderJudged]]
    difference: NotRequired[QiniMeasures]
    cross_fitted: NotRequired[CrossFitted]


@artifact("uplift.json")
class Uplift(EffectFigures):
    """The same with the fifths by each order."""

    fifths: NotRequired[dict[str, list[Fifth]]]
