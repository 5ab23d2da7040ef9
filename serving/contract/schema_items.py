"""Items by task: what each of the models is asked."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from serving.contract.forms import both, either
from serving.contract.schema import Content, Item
from serving.contract.schema_record import Text
from serving.tasks import KEYS

LEAD_EXAMPLE: Any = {
    "record_id": "form-4711",
    "record": {
        "leads": [
            {"lead_id": "L-4711", "occurred_at": "2026-06-29T10:15:00Z", "source": "short_video",
             "interest": "skin_care", "region": "east", "cost_cents": 3200}
        ],
        "events": [
            {"lead_id": "L-4711", "occurred_at": "2026-06-29T10:40:00Z", "channel": "consultant",
             "kind": "reply", "minutes": 25}
        ],
    },
    "consent": {"profiling": "granted"},
}  # fmt: skip
RESPONSE_EXAMPLE: Any = {
    "ref": "m000042",
    "campaign": {"channel": "wecom", "content_type": "new_product", "category": "skin_care"},
    "consent": {"profiling": "granted"},
}
SUBJECT, CAMPAIGN = either("ref", "record"), either("campaign_id", "campaign")


class LeadItem(Item):
    """A lead: by reference (``ref``), or by its form and its touches so far (``record``)."""

    model_config = ConfigDict(json_schema_extra=SUBJECT | {"examples": [LEAD_EXAMPLE]})


class ResponseItem(Item):
    """A member and a campaign: one that is known, or a content, also one never sent before."""

    model_config = ConfigDict(json_schema_extra=both(SUBJECT, CAMPAIGN) | {"examples": [RESPONSE_EXAMPLE]})

    campaign_id: Text | None = Field(default=None, description="a campaign that is known")
    campaign: Content | None = Field(default=None, description="a content, also one never sent before")

    @model_validator(mode="after")
    def _one_campaign(self) -> "ResponseItem":
        if (self.campaign_id is None) == (self.campaign is None):
            raise ValueError("needs either campaign_id or campaign")
        return self


OF_KEY: Mapping[str, type[Item]] = {"lead_id": LeadItem, "contact_id": ResponseItem, "member_id": Item}
ITEMS: Mapping[str, type[Item]] = {name: OF_KEY[key] for name, key in KEYS.items()}
