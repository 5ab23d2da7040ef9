"""What callers send back: what became of those who were scored."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from serving.contract.forms import any_of
from serving.contract.schema_record import Ref, Row, Text, Time, whole
from serving.tasks import TaskName

MAX_OUTCOMES = 1_000
Kind = Literal[
    "contacted", "delivered", "bounced", "opened", "clicked", "answered", "converted", "purchased", "blocked",
    "unsubscribed", "refused",
]  # fmt: skip

OUTCOME_EXAMPLE: Any = {
    "event_id": "crm-1", "ref": "m000042", "model": "response", "kind": "answered",
    "occurred_at": "2026-07-02T09:30:00Z",
}  # fmt: skip


class Outcome(Row):
    """What became of a subject: a contact, an answer, a conversion, a purchase."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=any_of("score_id", "ref"))

    event_id: Text = Field(description="the caller's own; a second one with the same id is not counted")
    score_id: Text | None = Field(default=None, description="the answer that it followed")
    ref: Ref | None = Field(default=None, description="pseudonymous id of the subject, or an account of it")
    model: TaskName | None = None
    kind: Kind
    occurred_at: Time
    value_cents: whole(0, 10**12) | None = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _whose(self) -> "Outcome":
        if self.score_id is None and self.ref is None:
            raise ValueError("needs score_id or ref")
        return self


class Outcomes(Row):
    """Up to 1,000 outcomes in one call."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"outcomes": [OUTCOME_EXAMPLE]}]}
    )

    outcomes: Annotated[list[Outcome], Field(min_length=1, max_length=MAX_OUTCOMES)]
