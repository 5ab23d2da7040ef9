"""What callers send: pydantic models, every field known, with examples for the OpenAPI document."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from serving.contract.forms import either
from serving.contract.schema_record import REF, Ref, Row, Text, Time, record_model, row_model, whole

MAX_ITEMS = 500
CONTENT_WITHOUT = ("campaign_id", "occurred_at", "recorded_at")

Consent = Literal["granted", "withdrawn", "unknown"]
Record: Any = record_model()
Content: Any = row_model("campaigns", CONTENT_WITHOUT)

REF_EXAMPLE: Any = {"ref": "m000042", "consent": {"profiling": "granted"}, "options": {"language": "zh"}}


class Consents(Row):
    """What the caller knows of the member's consent; whatever is stricter counts."""

    profiling: Consent = "unknown"
    marketing: Consent = "unknown"


class Options(Row):
    """How the answer should look."""

    reasons: whole(0, 5) | None = Field(  # type: ignore[valid-type]
        default=None, description="how many; the service's default where empty"
    )
    language: Literal["en", "zh", "en-GB", "zh-CN"] | None = Field(
        default=None, description="of all words; that of Accept-Language where empty, else English"
    )

    @property
    def spoken(self) -> str:
        """``en`` or ``zh``."""
        return (self.language or "en")[:2]


class Item(Row):
    """One subject: by reference (``ref``) or by record (``record``), never both."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=either("ref", "record") | {"examples": [REF_EXAMPLE]},
    )

    record_id: Text | None = Field(default=None, description="the caller's own mark, echoed in the answer")
    ref: Ref | None = Field(default=None, description=REF)
    record: Record | None = Field(default=None, description="raw rows of the subject")
    as_of: Time | None = Field(
        default=None,
        description="by record: the moment asked about, now where empty; a reference has its own",
    )
    consent: Consents | None = None
    options: Options = Field(default_factory=Options)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.ref is None) == (self.record is None):
            raise ValueError("needs either ref or record")
        return self


class Bulk(Row):
    """Up to 500 items in one call, each as for a single score; the answer keeps their order."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"items": [REF_EXAMPLE]}]})

    items: Annotated[list[dict[str, Any]], Field(min_length=1)]


class Portrait(Row):
    """Whose portrait is asked for."""

    ref: Ref
    consent: Consents | None = None
