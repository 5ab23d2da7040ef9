"""What callers send to have campaigns ranked."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from serving.contract.schema import Consents, Content, Options, Record
from serving.contract.schema_items import CAMPAIGN, SUBJECT, ResponseItem
from serving.contract.schema_record import Ref, Row, Text, Time

MAX_CAMPAIGNS = 20

RANK_EXAMPLE: Any = {
    "ref": "m000042",
    "campaigns": [
        {"campaign_id": "c0007"},
        {"campaign": {"channel": "wecom", "content_type": "new_product", "category": "skin_care"}},
    ],
    "consent": {"profiling": "granted"},
}


class Choice(Row):
    """One of the campaigns to choose from."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=CAMPAIGN)

    campaign_id: Text | None = Field(default=None, description="a campaign that is known")
    campaign: Content | None = Field(default=None, description="a content, also one never sent before")

    @model_validator(mode="after")
    def _one_form(self) -> "Choice":
        if (self.campaign_id is None) == (self.campaign is None):
            raise ValueError("needs either campaign_id or campaign")
        return self


class Ranking(Row):
    """One member and several campaigns: which of these, if any?"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=SUBJECT | {"examples": [RANK_EXAMPLE]},
    )

    record_id: Text | None = None
    ref: Ref | None = None
    record: Record | None = None
    campaigns: Annotated[list[Choice], Field(min_length=1, max_length=MAX_CAMPAIGNS)]
    at_least: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="least probability worth a message; the model's base rate where empty",
    )
    as_of: Time | None = None
    consent: Consents | None = None
    options: Options = Field(default_factory=Options)

    @model_validator(mode="after")
    def _one_form(self) -> "Ranking":
        if (self.ref is None) == (self.record is None):
            raise ValueError("needs either ref or record")
        return self

    def items(self) -> list[ResponseItem]:
        """Return one item a campaign."""
        common = {name: getattr(self, name) for name in ("record_id", "ref", "record", "as_of", "consent")}
        return [
            ResponseItem.model_construct(
                **common, options=self.options, campaign_id=choice.campaign_id, campaign=choice.campaign
            )
            for choice in self.campaigns
        ]
