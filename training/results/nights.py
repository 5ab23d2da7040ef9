"""What a night did: ``nights.jsonl``, a line a day, the oldest first. Aggregates only."""

from typing import Literal

from typing_extensions import TypedDict

from training.results.section import Named

Code = Literal[
    "nobody", "cannot_score", "untested", "test_unknown", "capacity", "volume", "moved", "data_end"
]


class Finding(Named):
    """What somebody should look at: a code, and a sentence in each language."""

    code: Code


class TaskNight(TypedDict):
    """One task's list: by which version, how many are scored, what is expected of them, who is left out.

    ``untested`` is the share of them in segments that the champion's test hardly had; ``acted`` the share in
    the bands that are acted on. None where nobody is scored, the test is not known or no capacity is stated.
    """

    task: str
    version: str
    scored: int
    expected: float | None
    untested: float | None
    acted: float | None
    findings: list[Finding]


class Night(TypedDict):
    """One day: ``extracted_at`` says until when its data go, ``source`` is a hash of what was read."""

    day: str
    extracted_at: str
    source: str
    findings: list[Finding]
    tasks: list[TaskNight]
