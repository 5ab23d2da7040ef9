"""Which people a model was tested on: ``tested.json`` beside it, so that a night can be held against it."""

from typing_extensions import TypedDict

from models.fitted import release_format
from training.data.artifacts import artifact


@artifact(release_format.TESTED)
class Tested(TypedDict):
    """Tested rows by part of the population; parts of fewer than ten are left out.

    ``tiers`` are the revenues of a year, in cents, that end the lower and the middle value tier.
    """

    rows: int
    tiers: list[float]
    parts: dict[str, dict[str, int]]  # by factor
