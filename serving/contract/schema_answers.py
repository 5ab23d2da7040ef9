"""What callers get: the models that the OpenAPI document shows and the tests hold answers against."""

from typing import Annotated, Any, Literal

from pydantic import Field

from serving.contract.schema_record import Row
from serving.tasks import TaskName

Share = Annotated[float, Field(ge=0, le=1)]


class ModelName(Row):
    """Which model answered."""

    name: TaskName
    version: str
    alias: Literal["champion"]
    data: str | None
    trained_at: str | None
    report_sha256: str | None
    git_commit: str | None


class Reason(Row):
    """Why: the code is stable, the text is in the language asked for."""

    code: str
    direction: Literal["raises", "lowers"]
    text: str
    feature_group: str
    contribution: float = Field(description="log-odds")


class Warn(Row):
    """What to know about an answer."""

    code: Literal[
        "unseen_category", "imputed", "out_of_range", "thin_data", "thin_segment",
        "stale_snapshot", "as_of_ignored", "as_of_ahead", "nothing_known",
        "clock_of_data", "unknown_attribute",
    ]  # fmt: skip
    features: list[str] = Field(default_factory=list)
    attributes: list[str] = Field(
        default_factory=list, description="own attributes that the model does not know, as table.name"
    )


class Contribution(Row):
    """One input of an explanation."""

    input: str
    feature_group: str
    text: str
    value: float | str | None
    contribution: float = Field(description="log-odds")


class Change(Row):
    """One feature that would have been otherwise."""

    feature: str
    before: float | str | None = Field(alias="from")
    after: float | str | None = Field(alias="to")
    stated: bool = Field(description="whether the sentence says it; what is not follows from what is")
    text: str


class Counterfactual(Row):
    """The smallest change found that leads to the band below (from the lowest: to the one above).

    Of what can happen: visits, purchases, messages, tickets, touches; never of attributes, nor of time gone
    by. The changed row is one that a history could have, and was scored again by the same model.
    """

    found: bool
    band: str | None = Field(description="of the changed row")
    probability: Share | None = Field(description="of the changed row")
    changes: list[Change] = Field(description="every feature that would differ")
    text: str = Field(description="in the language asked for; where none was found, why")
    not_found_reason: Literal["no_score", "no_events", "not_within_limits"] | None


class Result(Row):
    """The answer for one subject: a score (``ok``), none (``suppressed``), or what is wrong (``error``).

    ``insufficient_input``: so much of what the model reads is unknown that nobody should act on it. The
    probability is that of somebody of whom as much is known; nothing else is told.
    ``outside_population``: the model is not about such a subject (``outside_reason``, and in words
    ``outside_text``), and there is no number: the reasons are listed with the model.
    """

    record_id: str | None = Field(description="the caller's own mark")
    status: Literal["ok", "insufficient_input", "outside_population", "suppressed", "error"]
    score_id: str | None = Field(default=None, description="ULID; outcomes name it")
    probability: Share | None = None
    percentile: float | None = Field(default=None, ge=0, le=100)
    percentile_as_of: str | None = None
    score: int | None = Field(default=None, ge=1, le=99)
    band: str | None = None
    band_text: str | None = Field(default=None, description="the band in words, in the language asked for")
    band_expected_rate: Share | None = None
    expected_value: float | None = Field(
        default=None,
        ge=0,
        description="money expected with this subject, in `currency`: probability of what brings it times "
        "how much it then is; where the model has a value",
    )
    value_at_risk: float | None = Field(
        default=None,
        ge=0,
        description="churn: money that stays away if the member leaves, times the probability",
    )
    value_per_cost: float | None = Field(
        default=None, ge=0, description="lead: expected value for each unit that the lead has cost"
    )
    currency: str | None = None
    uplift: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="by how much a contact raises the probability; only where a control arm drawn at random "
        "showed that this order finds those whom a contact moves",
    )
    recommended: bool | None = None
    experiment_arm: Literal["treat", "control", "none"] | None = None
    reasons: list[Reason] = Field(default_factory=list)
    reasons_text: str | None = Field(
        default=None, description="that no single reason stands out, in the language asked for"
    )
    warnings: list[Warn] = Field(default_factory=list)
    suppression_reason: str | None = None
    outside_reason: str | None = Field(default=None, description="why the model is not about this subject")
    outside_text: str | None = Field(default=None, description="the same in the language asked for")
    error: dict[str, Any] | None = None
    scored_at: str | None = None
    features_as_of: str | None = None
    valid_until: str | None = None
    model_version: str | None = Field(default=None, description="in the results of a job")
    campaign: int | None = Field(default=None, description="in a ranking: place in the list that was sent")
    campaign_id: str | None = Field(default=None, description="in a ranking")
    base: float | None = Field(default=None, description="in an explanation: log-odds before any input")
    log_odds: float | None = Field(default=None, description="in an explanation")
    contributions: list[Contribution] = Field(default_factory=list, description="in an explanation")
    counterfactual: Counterfactual | None = Field(
        default=None, description="in an explanation: what would have led to another band"
    )


class Scored(Row):
    """The answer about one subject."""

    request_id: str
    model: ModelName
    result: Result


class Summary(Row):
    """How many of each."""

    ok: int
    insufficient_input: int
    outside_population: int
    suppressed: int
    error: int
    warning: Literal["all_suppressed"] | None = Field(
        default=None, description="everybody is suppressed: is consent published, and said?"
    )


class ScoredMany(Row):
    """The answers about many subjects, in the order of the items."""

    request_id: str
    model: ModelName
    summary: Summary
    results: list[Result]


class Ranked(Row):
    """Campaigns for one member, best first."""

    record_id: str | None
    status: Literal["ok", "suppressed", "error", "insufficient_input", "outside_population"] = Field(
        description="`ok` where one of the campaigns has a number, else what all of them have"
    )
    suppression_reason: str | None = Field(default=None, description="why there is no number for any")
    outside_reason: str | None = Field(default=None, description="why the model is not about the member")
    choice: int | None = Field(description="place, in the list sent, of the campaign to send; null: none")
    at_least: Share
    by: Literal["uplift", "probability"] = Field(description="what the campaigns are ordered by")
    ranked: list[Result]


class RankedAnswer(Row):
    """The answer to a ranking."""

    request_id: str
    model: ModelName
    result: Ranked
