"""What ``final`` found: ``final.json``, which model serves and how its reasons stand a refit."""

from typing import Literal

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact


@with_config(STRICT)
class Learnt(TypedDict):
    """Rows that a model learnt from, and until when, in ISO 8601; None where there are no dates."""

    rows: int
    positives: int
    until: str | None


@with_config(STRICT)
class ReasonStability(TypedDict):
    """Shares of ``rows`` of which two models tell the same reasons; see ``training.stages.final``."""

    rows: int
    same: float
    kept: float
    first: float
    none: float


@artifact("final.json")
class Served(TypedDict):
    """How the released model learns and keeps its level, and on what."""

    task: str
    data: str
    learn: Literal["to_the_end", "before_test"]
    level: Literal["frozen", "monthly"]
    learnt: Learnt
    reasons: ReasonStability
