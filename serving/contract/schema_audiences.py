"""What callers ask of audiences, and what they are told."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from serving.contract.forms import MARK
from serving.contract.schema_record import Row, Text

Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]
OWN = ("name", "budget", "hold_out", "explore", "salt", "options", "blind")
FORMS: Any = {
    "OfPlan": {"needs": ["plan"], "without": list(OWN)},
    "OfBudget": {"needs": ["name"], "without": ["plan"]},
}
AUDIENCE_EXAMPLE: Any = {"name": "spring", "budget": 500, "hold_out": 0.1}


class Audience(Row):
    """Who gets what: planned within a budget from last night's offers, or the list of a published plan."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={MARK: {"oneOf": FORMS}, "examples": [AUDIENCE_EXAMPLE]}
    )

    plan: Text | None = Field(default=None, description="name of a plan that the pipeline published")
    name: Name | None = Field(default=None, description="of the new plan; who explores is drawn by it")
    budget: Annotated[float, Field(gt=0, lt=1e15, allow_inf_nan=False)] | None = Field(
        default=None, description="money, in the currency of the brand's options; no limit where empty"
    )
    hold_out: Share | None = Field(default=None, description="share held out at random; 0.05 where empty")
    explore: Share | None = Field(default=None, description="share that draws its option; 0 where empty")
    salt: Text | None = Field(
        default=None, description="of the holdout; the data set's own where empty, kept over campaigns"
    )
    options: Annotated[list[Text], Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="names of the options that may be used; all where empty"
    )
    blind: bool | None = Field(default=None, description="plan even if the holdout would show nothing")

    @model_validator(mode="after")
    def _one_form(self) -> "Audience":
        stated = any(getattr(self, name) is not None for name in OWN)
        if (self.plan is None) == (self.name is None) or (self.plan is not None and stated):
            raise ValueError("needs either plan, or name and what the new plan is asked")
        return self

    @property
    def request_facts(self) -> dict[str, Any]:
        """What is kept of it, defaults filled in."""
        if self.plan is not None:
            return {"plan": self.plan}
        given = {name: getattr(self, name) for name in OWN}
        defaults = {"hold_out": 0.05, "explore": 0.0, "blind": False}
        return given | {name: value for name, value in defaults.items() if given[name] is None}


class Links(Row):
    """Where to go on."""

    self: str
    members: str


class LeftOut(Row):
    """How many members get nothing, and why, in the language of the call."""

    code: str
    members: int
    text: str


class Limit(Row):
    """What keeps a plan from doing more, in the language of the call."""

    limit: Literal["budget", "option", "channel", "worth", "rest"]
    name: str | None = Field(description="of the option or channel")
    price: float | None = Field(description="what one more unit would bring beyond its cost, in money")
    text: str


class Brief(Row):
    """What a plan costs and should bring; ``memberlens plan`` tells the same."""

    day: str
    unit: Literal["answers", "added answers"] = Field(description="what expected numbers may be called")
    currency: str | None
    members: int
    contacted: int
    by_option: dict[str, int]
    by_reason: dict[str, int]
    left_out: list[LeftOut] = Field(description="who gets nothing, by why, the most first")
    limits: list[Limit] = Field(description="what keeps the plan from doing more")
    budget: float | None
    cost: float
    expected: dict[str, Any] = Field(description="answers, gain and net with their intervals")
    holdout: dict[str, Any] = Field(
        description="share, members compared, how likely the effect is seen, when"
    )
    curve: dict[str, list[float]] = Field(description="what other sums would bring")
    gap: float = Field(description="to the best possible plan, at most, a share of 1")


class AudienceState(Row):
    """How far an audience is."""

    id: str
    name: str
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    reason: str | None = Field(description="why there is no list: what to change, in the call's language")
    brief: Brief | None
    links: Links


class AudienceAnswer(Row):
    """An audience."""

    request_id: str
    audience: AudienceState


class AudienceMember(Row):
    """What is planned for one member."""

    subject: str
    option: str | None = Field(description="null: nothing")
    arm: Literal["contact", "care", "explore", "held_out", "none"] = Field(
        description="held_out must not be contacted by anybody, or nothing can be read after"
    )
    probability: float = Field(description="with which the draws led to the option; keep it for a what-if")
    expected_gain: float
    expected_answers: float
    cost: float
    reason: str
    reason_text: str
    planned: str | None = Field(description="what there would have been without holdout and exploring")
    planned_answers: float
    score: float


class AudiencePage(Row):
    """A page of an audience; who has withdrawn since has disappeared, so that a page may be shorter."""

    request_id: str
    members: list[AudienceMember]
    next_cursor: int | None = Field(description="where to go on; null after the last member")
