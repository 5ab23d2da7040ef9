"""What ``audit`` found: ``audit.json``, every check, and columns that look recorded after the outcome."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact


@with_config(STRICT)
class Check(TypedDict):
    """A check of the audit: its figure and what is allowed, ``says`` where the result is not good."""

    check: str
    result: Literal["good", "bad", "warn", "unrun"]
    value: float | None
    threshold: float
    says: NotRequired[str]
    in_both: NotRequired[int]  # subjects
    rows: NotRequired[int]
    features: NotRequired[int]
    feature: NotRequired[str]  # the names that the sentence is about
    auc: NotRequired[float]
    others: NotRequired[float]


@with_config(STRICT)
class Against(TypedDict, total=False):
    """How good the ``others`` are, and how columns stand to them; see ``SplitHalves.against``."""

    others: float
    low: float
    tied: float
    unsure: float


@with_config(STRICT)
class LoneColumn(Against):
    """A column's AUC ``alone``, and against all others where that is suspicious."""

    column: str
    alone: float


@with_config(STRICT)
class TogetherColumns(Against):
    """Columns that rank the outcome together, their AUC, and against all others where that is suspicious."""

    columns: list[str]
    auc: float


@with_config(STRICT)
class DecidingColumn(TypedDict):
    """A column of which a value decides the outcome; not ``sure`` where it is one of many in order."""

    column: str
    rows: int
    outcome: bool
    sure: bool


@with_config(STRICT)
class SuspectFigures(TypedDict, total=False):
    """The figures that make a column a suspect; which, hangs on its sign."""

    share: float  # empty
    auc: float
    columns: list[str]  # empty in the same rows
    value: str
    rows: int
    rate: float
    odds: float
    outcome: bool


@with_config(STRICT)
class SuspectColumn(SuspectFigures):
    """A column that looks recorded after the outcome, and its sign."""

    column: str
    sign: str


class Looked(TypedDict):
    """What the audit says of columns of which nobody says when they were known."""

    columns: list[LoneColumn]
    suspects: list[SuspectColumn]
    checks: list[Check]


@artifact("audit.json")
class Audit(TypedDict):
    """``audit.json``: every check, and the columns that look recorded after the outcome."""

    task: str
    data: str
    excluded: dict[str, str]
    accepted: dict[str, str]
    columns: list[LoneColumn]
    suspects: list[SuspectColumn]
    unseen: str
    checks: list[Check]
