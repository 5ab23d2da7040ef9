"""What ``backtest`` found: ``backtest.json``, the recipe at rolling origins."""

from typing import Final, Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT, artifact
from training.results.estimate import Estimate

Mode = Literal["refitted", "frozen"]
MODES: Final[tuple[Mode, ...]] = ("refitted", "frozen")


@with_config(STRICT)
class ModeMeasures(TypedDict):
    """What is measured of each mode at an origin."""

    auc: Estimate
    average_precision: Estimate
    lift_10: Estimate
    expected_over_observed: Estimate


@with_config(STRICT)
class RankGap(TypedDict):
    """A paired difference of two rankings."""

    auc: Estimate
    average_precision: Estimate


@with_config(STRICT)
class Modes(TypedDict):
    """The same rows judged ``refitted`` at each origin and ``frozen`` at the first, and the difference."""

    n: int
    positives: int
    rate: float
    refitted: ModeMeasures
    frozen: ModeMeasures
    difference: RankGap


@with_config(STRICT)
class Origin(Modes):
    """Rows asked from ``origin`` until ``to``, in ISO 8601, after learning from ``learnt`` rows."""

    origin: str
    to: str
    learnt: int


@with_config(STRICT)
class WayJudged(TypedDict):
    """The figures of one way to split."""

    n: int
    positives: int
    auc: Estimate
    average_precision: Estimate


@with_config(STRICT)
class RandomSplit(TypedDict):
    """What a split of subjects at random would have promised; ``gap`` is random minus out of time."""

    assessed: bool
    random: NotRequired[WayJudged]
    out_of_time: NotRequired[WayJudged]
    gap: NotRequired[RankGap]


@with_config(STRICT)
class Rolled(TypedDict):
    """The origins and all their rows together; ``reason`` where the history is too short or has no dates."""

    assessed: bool
    reason: NotRequired[Literal["no_backtest", "undated"]]
    origins: NotRequired[list[Origin]]
    overall: NotRequired[Modes]


@artifact("backtest.json")
class Backtest(Rolled):
    """The same, and what a random split would have promised."""

    task: str
    data: str
    random_split: RandomSplit
