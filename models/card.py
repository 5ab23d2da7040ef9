"""What a model's card says: ``card.json`` of a released folder, which training writes and all others read."""

from collections.abc import Mapping
from typing import Any, NotRequired, cast

from typing_extensions import TypedDict

from features.meaning import FeatureRow


class Words(TypedDict):
    """A sentence, or the end of one, in both languages."""

    en: str
    zh: str


class BoundaryRow(Words):
    """Whom the model is not about: the code that answers tell, and why."""

    code: str


class BandRow(Words):
    """A band by probability, and what was seen in it out of fold; the rate with its interval."""

    name: str
    share: float
    low: float
    high: float
    n: int
    positives: int
    rate: float | None
    rate_low: float
    rate_high: float


class Range(TypedDict, total=False):
    """The inner ends of the parts of a number's range, or a category's values."""

    edges: list[float]
    categories: list[str]


class Span(TypedDict, total=False):
    """The least and the greatest of a number, where there was one."""

    span: list[float]


class Parts(Range, Span):
    """An input's range in parts, a last one for missing or unseen values; see ``observed_rates.observed``."""

    n: list[int]
    rate: list[float | None]


class LearntRows(TypedDict):
    """Rows that were learnt from, positives in them, until when (ISO 8601, None without dates)."""

    rows: int
    positives: int
    until: str | None


class ShortSegment(TypedDict):
    """A segment of which too little was learnt, and what is short; all rows where ``column`` is None."""

    column: str | None
    segment: str | None
    lacks: list[str]


class RecipeFacts(TypedDict):
    """By what it was fitted; ``bags`` are the trees of each, where they are several."""

    estimator: str
    settings: dict[str, Any]
    rounds: int
    bags: list[int]


class QuestionFacts(TypedDict):
    """What is asked, of whom and by which features, before rows are counted."""

    task: str
    data: str
    key: str  # the column that names a question
    question: dict[str, str]  # by language
    positive: dict[str, str]  # the end of "… of cases they"
    days: int
    gap: int
    groups: list[str]
    features: list[FeatureRow]
    boundaries: list[BoundaryRow]
    own: dict[str, dict[str, bool]]  # by table the brand's own attributes, and whether each is a category
    own_tables: list[dict[str, Any]]  # as ``features.own_tables.OwnTable`` reads them
    lifecycle: dict[str, Any]  # as ``features.lifecycle_limits.LifecycleLimits`` reads them
    fingerprint: str
    short: list[ShortSegment]
    max_unknown: float
    extracted_at: str
    spine: Mapping[str, Any]  # as the population's settings read them


class CountedRows(TypedDict):
    """What is counted in the rows that were learnt from."""

    bins: dict[str, Parts]
    base_rate: float
    learnt: LearntRows


class SampledRows(Words):
    """That figures are of a sample of the rows, in words, and of how many of how many."""

    share: float
    rows: int
    of: int
    subjects: int
    of_subjects: int


class Card(QuestionFacts, RecipeFacts, CountedRows):
    """What a card holds; what a later stage adds, or an older release lacks, need not be there."""

    bands: NotRequired[list[BandRow]]
    weights: NotRequired[dict[str, float]]  # share of each input in all that the model says
    unsure: NotRequired[dict[str, float]]  # by theme, what its sum must surpass to be told
    reasons: NotRequired[Mapping[str, object]]  # as of ``training.results.served.ReasonStability``
    sample: NotRequired[SampledRows]  # of which its figures are, where it learnt on a cluster
    rebased: NotRequired[dict[str, Any]]  # from which version, and how far
    card_version: NotRequired[int]  # these three are written beside the model
    inputs: NotRequired[list[dict[str, Any]]]
    calibration: NotRequired[dict[str, float]]


def made_of(question: QuestionFacts, recipe: RecipeFacts, rows: CountedRows, bands: list[BandRow]) -> Card:
    """Put a card together from its parts."""
    return cast(Card, {**question, **recipe, **rows, "bands": bands})
