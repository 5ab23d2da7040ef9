"""What is known of all rows where a report's figures are of a sample: ``whole.json``, from aggregates."""

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact


@with_config(STRICT)
class ListedWhole(TypedDict):
    """Today's list: everybody asked about, those with a score to act on, by band, their mean probability."""

    asked: int
    scored: int
    bands: dict[str, int]
    mean: float | None


@with_config(STRICT)
class Dealt(TypedDict):
    """Into how many buckets subjects were cut, and by how many workers trees were learnt.

    Several numbers where fits differ, none where no fit has trees.
    """

    buckets: int
    workers: list[int]


@artifact("whole.json")
class Whole(TypedDict):
    """The test's rows, positives and measures (by name, from margins in bins), and today's list."""

    rows: int
    positives: int
    measures: dict[str, float]
    listed: ListedWhole
    dealt: Dealt
