"""What is told of plans and scenes: the JSON documents that the pipeline writes and the service reads."""

from typing import NotRequired

from typing_extensions import TypedDict

from models.acting.intervals import Expected
from models.card import Words


class InputFacts(TypedDict):
    """What a plan's inputs tell of themselves."""

    data: str
    day: str  # ISO 8601, for which the plan is
    known: str  # ISO 8601, up to which the data are known
    seed: int
    explained: float  # correlation of score and outcome
    left_alone: float | None  # answers of who was held out before, a share of those of the contacted
    window_days: float
    not_scored: dict[str, int]  # members by why
    models: dict[str, str | None]
    options: str


class Curve(TypedDict):
    """What each sum of money would bring; without an interval where too few past campaigns tell one."""

    spend: list[float]
    gain: list[float]
    low: NotRequired[list[float]]
    high: NotRequired[list[float]]


class PriceFacts(TypedDict):
    """Money that one more unit of each limit would bring, of options and channels by name."""

    budget: float
    option: dict[str, float]
    channel: dict[str, float]


class ExpectedFacts(TypedDict):
    """What a plan should bring, in answers and money, by how many past ``campaigns``."""

    answers: Expected
    gain: Expected
    net: Expected
    campaigns: int
    interval: str


class EffectWait(TypedDict):
    """How surely one campaign shows an effect, and what waiting costs; None where nobody is held out."""

    added: float
    power: float
    members: NotRequired[int]
    campaigns: int | None
    days: float | None
    missed: float | None
    against_half: float | None


class HoldoutFacts(TypedDict):
    """The share held out, who is compared, and which effects would be seen; only these where nobody is."""

    share: float
    members: int
    held_out: int
    rate_without: NotRequired[float]
    added: NotRequired[float]
    basis: NotRequired[str]
    explained: NotRequired[float]
    power: NotRequired[float]
    wanted_power: NotRequired[float]
    smallest_added: NotRequired[float | None]
    smallest_share: NotRequired[float | None]
    missed_answers: NotRequired[float]
    effects: NotRequired[list[EffectWait]]


class LeftOut(Words):
    """How many members get nothing for one reason."""

    code: str
    members: int


class Limit(Words):
    """What keeps a plan from doing more; ``price`` is what one more unit brings beyond its cost."""

    limit: str
    name: str | None
    price: float | None


class PlanFigures(TypedDict):
    """Everything that is told of a plan but its list, before why it does no more."""

    name: str
    data: str
    day: str
    not_scored: dict[str, int]
    models: dict[str, str | None]
    window_days: float
    options: str
    sent: bool
    scores_of: str
    scores_days: int
    unit: str
    currency: str | None
    members: int
    contacted: int
    cared: int
    by_option: dict[str, int]
    by_reason: dict[str, int]
    budget: float | None
    cost: float
    expected: ExpectedFacts
    curve: Curve
    gap: float
    prices: PriceFacts
    holdout: HoldoutFacts
    explore: float
    salt: str
    worth_of_an_answer: float
    opt_out_risk: dict[str, float]
    asked_as: dict[str, dict[str, object]]


class PlanFacts(PlanFigures):
    """``plan.json`` as it is published."""

    left_out: list[LeftOut]
    limits: list[Limit]


class SceneName(Words):
    """What a scene is called, whom it is about, who owns it, and what it does."""

    name: str
    about: str
    owner: str
    option: str | None
    channel: str


class SceneWait(TypedDict):
    """How long until a scene's holdout shows the effect worth finding; see ``holdout.Waiting``."""

    members: int
    campaigns: int
    days: float
    against_half: float
    missed: float
    share: float


class SceneFacts(SceneName):
    """A scene's rules, how many fit, and what became of them."""

    urgency: float
    window_days: float
    care: bool
    hold_out: float
    fit: int
    acted: int
    held_out: int
    by_state: dict[str, int]
    not_known: list[str]
    waiting: SceneWait | None


class ScenesFacts(TypedDict):
    """``scenes.json``: who is in which scene tonight, counted."""

    data: str
    as_of: str
    salt: str
    sent: bool
    scenes_file: str
    options_file: str
    people: dict[str, int]
    scenes: list[SceneFacts]
    nothing: dict[str, int]
    hold_out: float
    sha256: NotRequired[str]  # of the rows, once they are written
