"""What callers say about consent, and whom they have erased."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from serving.contract.forms import any_of
from serving.contract.schema_record import Ref, Row, Text, Time

MAX_WORDS = 1_000
Word = Literal["granted", "withdrawn"]
Kind = Literal["member", "lead"]
CONSENT_EXAMPLE: Any = {"event_id": "crm-77", "ref": "m000042", "profiling": "withdrawn"}


class ConsentWord(Row):
    """What a member or lead said about being scored (profiling) or written to (marketing)."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=any_of("profiling", "marketing"))

    event_id: Text | None = Field(
        default=None, description="the caller's own; a second one with the same id is not counted"
    )
    ref: Ref = Field(description="pseudonymous id or account; one that is not known yet is kept too")
    kind: Kind = Field(default="member", description="what ref names; a member's word holds for its leads")
    profiling: Word | None = Field(default=None, description="a withdrawal counts at once")
    marketing: Word | None = Field(default=None, description="granted counts where said last")
    occurred_at: Time | None = Field(default=None, description="when it was said, not ahead; now where empty")

    @model_validator(mode="after")
    def _says_something(self) -> "ConsentWord":
        if self.profiling is None and self.marketing is None:
            raise ValueError("needs profiling or marketing")
        return self


class ConsentWords(Row):
    """Up to 1,000 words about consent in one call."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"consents": [CONSENT_EXAMPLE]}]}
    )

    consents: Annotated[list[ConsentWord], Field(min_length=1, max_length=MAX_WORDS)]


class Heard(Row):
    """How many words about consent were new."""

    request_id: str
    accepted: int
    duplicates: int


class Erase(Row):
    """Whom to erase from what the service keeps; a member's leads go with it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"ref": "m000042"}]})

    ref: Ref
    kind: Kind = "member"


class Erased(Row):
    """How much was erased, by place; answers say ``erased`` until the pipeline no longer has the subject."""

    request_id: str
    result: dict[str, int]
