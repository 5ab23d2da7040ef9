"""The section of the report on how far down the list it pays to go."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT
from training.results.effects import EffectFigures, Fifth, OrderJudged
from training.results.estimate import Band, Direction, Estimate
from training.results.section import Unassessed
from training.results.valued import Tenth, Value


@with_config(STRICT)
class ShownEffect(EffectFigures):
    """What a contact changes, by fifths of the order that is released."""

    fifths: NotRequired[list[Fifth]]


@with_config(STRICT)
class Beside(TypedDict):
    """What needs no assumptions: the effect of contacts and the money that a case is worth."""

    uplift: ShownEffect
    worth: Value
    orders: dict[str, OrderJudged]
    tenths: list[Tenth]


@with_config(STRICT)
class Unstated(Beside):
    """The section where nobody has stated what acting costs and brings."""

    assessed: Literal[True]
    assumptions: None
    reason: str


@with_config(STRICT)
class Assumptions(TypedDict):
    """What acting on a row costs and brings; see ``training.params.Economics``."""

    value: float
    success: float
    cost: float
    capacity: float
    currency: str
    owner: str
    date: str


@with_config(STRICT)
class ProfitCurve(Band):
    """Profit of 10,000 rows at each share acted on."""

    profit: list[float]


@with_config(STRICT)
class ProfitCurves(TypedDict):
    """Profit by the model's order, by the best simple method's, what the former gains, and in no order."""

    share: list[float]
    model: ProfitCurve
    simple: ProfitCurve
    gain: ProfitCurve
    random: list[float]


@with_config(STRICT)
class Plateau(TypedDict):
    """The share with the highest profit, and those around it within 5 % of that."""

    best: float
    low: float
    high: float


@with_config(STRICT)
class ProfitAt(TypedDict):
    """Profit at the cut-off by each list."""

    model: Estimate
    simple: Estimate
    gain: Estimate


@with_config(STRICT)
class Months(TypedDict):
    """The interval of the gain with whole months drawn anew, of ``n`` months."""

    low: float | None
    high: float | None
    n: int
    gained: Direction


@with_config(STRICT)
class Swing(TypedDict):
    """Profit at the cut-off where the assumption ``name`` is a quarter lower or higher."""

    name: str
    low: float
    high: float


@with_config(STRICT)
class BestShare(TypedDict):
    """The best share within the capacity and its profit."""

    share: float
    profit: float


@with_config(STRICT)
class Stated(Beside):
    """Profit on the stated assumptions; events are those that contacts add where ``measured``."""

    assessed: Literal[True]
    assumptions: Assumptions
    measured: bool
    worth_of_event: float
    break_even: float
    n: int
    positives: int
    baseline: str
    curves: ProfitCurves
    chosen: float
    threshold: float
    plateau: Plateau | None
    points: list[list[float]]
    at: ProfitAt
    gained: Direction
    months: Months | None
    tornado: list[Swing]
    grid: list[list[BestShare]]
    steps: list[float]


Economics = Stated | Unstated | Unassessed
