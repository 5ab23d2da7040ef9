"""What ``explain`` found: ``explain.json``, what drives the score, and ``stress.json``, what stress does."""

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact
from training.results.estimate import FiniteEstimate


@with_config(STRICT)
class FeatureWeight(FiniteEstimate):
    """Mean absolute contribution of a feature, in log-odds."""

    name: str
    group: str


@with_config(STRICT)
class FamilyWeight(FiniteEstimate):
    """The same of features that differ by window only, summed before the absolute value."""

    family: str
    features: list[str]


@with_config(STRICT)
class OtherwiseCount(TypedDict):
    """Of ``rows`` of the highest band: another band ``found``, ``confirmed`` by scoring the changed row."""

    rows: int
    found: int
    confirmed: int


@artifact("explain.json")
class Explained(TypedDict):
    """What drives the score on a sample of the test, in log-odds, and how exactly it adds up."""

    rows: int
    base: float
    max_error: float
    max_relative_error: float
    tolerance: float
    features: list[FeatureWeight]
    families: list[FamilyWeight]
    otherwise: OtherwiseCount


@with_config(STRICT)
class Moved(FiniteEstimate):
    """An AUC on changed rows, and by how much the probability moved on average."""

    moved: float


@with_config(STRICT)
class GroupMoved(Moved):
    """The same with every feature of a group left empty."""

    group: str


@with_config(STRICT)
class RowsAuc(FiniteEstimate):
    """The AUC of a model that learnt from so many rows."""

    rows: int


@with_config(STRICT)
class FeatureAuc(FiniteEstimate):
    """The AUC without a feature, or with its values dealt out anew."""

    feature: str


@with_config(STRICT)
class ShuffledAuc(TypedDict):
    """The mean AUC of models that learnt shuffled labels, and its standard error."""

    value: float
    error: float


@with_config(STRICT)
class AdversarialAuc(TypedDict):
    """How well development rows are told from test rows, and by which feature; None by none."""

    value: float
    feature: str | None


@with_config(STRICT)
class Lagged(TypedDict):
    """AUC of ``n`` rows described as ``now`` and as ``then``, the median of ``days`` before."""

    n: int
    now: float
    then: float
    days: float


@with_config(STRICT)
class ShownRuns(TypedDict):
    """AUCs on one sample of the test that the report tells as they are."""

    n: int
    positives: int
    fit_rows: int
    model: FiniteEstimate
    seeds: list[float]
    learning: list[RowsAuc]
    without_top: FeatureAuc
    noise: Moved
    unseen: Moved
    bytes: int
    trees: int


@with_config(STRICT)
class StressRuns(ShownRuns):
    """Every figure of ``training.evaluation.robustness``."""

    shuffled: ShuffledAuc
    blanked: list[GroupMoved]
    permuted: list[FeatureAuc]
    adversarial: AdversarialAuc
    alone: float  # largest difference between a row scored alone and in the batch


@artifact("stress.json")
class Stress(StressRuns):
    """The same, and on rows described as at the question before; None where too few were asked before."""

    lagged: Lagged | None
