"""Sections of the report that judge the others: checks, gates, limitations, the first screen."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT
from training.results.estimate import Direction, Estimate
from training.results.evaluated import Period
from training.results.report_figures import Ratio
from training.results.report_money import Months
from training.results.section import Words

Mark = Literal["good", "warn", "bad", "few", "none"]
Result = Literal["good", "bad", "warn", "unrun"]
Status = Literal["good", "warn", "bad"]


@with_config(STRICT)
class CheckLine(TypedDict):
    """A check of the audit or of the report; no ``value`` where it was not run."""

    check: str
    result: Result
    value: NotRequired[float | None]
    threshold: NotRequired[float]
    says: NotRequired[str]
    in_both: NotRequired[int]
    rows: NotRequired[int]
    features: NotRequired[int]
    feature: NotRequired[str]
    auc: NotRequired[float]
    others: NotRequired[float]


@with_config(STRICT)
class Checks(TypedDict):
    """Leaks and other ways in which a figure can be wrong; ``columns`` of which a mapping says something."""

    assessed: Literal[True]
    columns: dict[Literal["excluded", "accepted"], dict[str, str]]
    undated: bool
    checks: list[CheckLine]


@with_config(STRICT)
class Gate(TypedDict):
    """What a model must show: its value, the need in English, and whether it is passed."""

    gate: str
    value: float | str | bool | None
    needs: str
    passed: bool


@with_config(STRICT)
class ShownGate(TypedDict):
    """A gate as the report tells it; ``baseline`` where it is about one."""

    gate: Words
    value: float | str | bool | None
    needs: str
    passed: bool
    baseline: str | None
    shown: str
    needs_words: Words


@with_config(STRICT)
class Gates(TypedDict):
    """The gates that the figures alone decide."""

    assessed: Literal[True]
    gates: list[ShownGate]
    passed: bool


@with_config(STRICT)
class Gap(TypedDict):
    """A section that was not assessed, or a part of it, and why."""

    section: str
    reason: str
    values: dict[str, int]


@with_config(STRICT)
class Limitations(TypedDict):
    """What was not assessed, and the names of checks that failed, warned or were not run."""

    assessed: Literal[True]
    unassessed: list[Gap]
    failed: list[str]
    warned: list[str]
    unrun: list[str]


@with_config(STRICT)
class Gain(Estimate):
    """What the model brings more than the best simple method; ``months`` where there are enough of them."""

    months: Months | None


@with_config(STRICT)
class Profit(Estimate):
    """Profit at the cut-off on the test, of 10,000 rows."""

    gain: Gain
    baseline: str
    measured: bool  # on events that contacts add, not on all events
    currency: str


@with_config(STRICT)
class Marks(TypedDict):
    """The sign of each card of the first screen."""

    lift: Mark
    capture: Mark
    ratio: Mark
    profit: Mark
    worst: Mark


Dates = TypedDict("Dates", {"from": str | None, "to": str | None})
Dates.__pydantic_config__ = STRICT  # type: ignore[attr-defined]


@with_config(STRICT)
class FirstScreen(Dates):
    """Recommended or not, the figures of the cards, what is not met."""

    assessed: Literal[True]
    status: Status
    n: int
    positives: int
    subjects: int
    base_rate: float
    not_whom: Words
    why: Words
    lift: Estimate
    possible: float
    top: Estimate
    capture: Estimate
    capture_20: Estimate
    ratio: Ratio
    worst: Period | None
    profit: Profit | None
    gain: Estimate
    baseline: str
    suspects: str
    unowned: bool
    gained: Direction
    failed_checks: list[str]
    failed_gates: list[ShownGate]


@with_config(STRICT)
class Verdict(FirstScreen):
    """The first screen with the sign of each card."""

    marks: Marks
