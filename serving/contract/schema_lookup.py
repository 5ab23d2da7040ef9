"""What callers send to be told the stored score, in a body or as query parameters."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from serving.contract.personal_refs import impersonal
from serving.contract.schema import Consents
from serving.contract.schema_record import REF, Ref, Row, Text, whole
from serving.tasks import KEYS

Flat = Literal["0", "1"]
Query = Annotated[str, Field(min_length=1, max_length=200)]
PlainRef = Annotated[Query, AfterValidator(impersonal)]
FLAT = "`1`: an answer without nesting"


class LookupQuery(Row):
    """Whose stored score, and how it is told."""

    model_config = ConfigDict(extra="ignore")

    ref: PlainRef = Field(description=REF)
    language: Literal["en", "zh", "en-GB", "zh-CN"] | None = Field(
        default=None, description="of all words; that of Accept-Language where empty"
    )
    reasons: Annotated[int, Field(ge=0, le=5)] | None = Field(default=None, description="how many")
    flat: Flat = Field(default="0", description=FLAT)

    def item(self) -> dict[str, Any]:
        """Return the item that this asks about."""
        options = {"language": self.language, "reasons": self.reasons}
        return self.model_dump(exclude={"language", "reasons", "flat"}, exclude_none=True) | {
            "options": options
        }


class CampaignQuery(LookupQuery):
    """Whose stored score about which campaign, and how it is told."""

    campaign_id: Query = Field(description="a campaign that is known")


class Lookup(LookupQuery):
    """Whose stored score, and how it is told; the id stands in no address and so in no log of addresses."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"ref": "m000013", "language": "zh", "flat": "1"}]}
    )

    ref: Ref = Field(description=REF)
    reasons: whole(0, 5) | None = Field(default=None, description="how many")  # type: ignore[valid-type]
    consent: Consents | None = None


class LookupLead(Lookup):
    """Whose stored score, and how it is told; the id stands in no address and so in no log of addresses."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ref": "l000026", "flat": "1"}]})


class LookupCampaign(Lookup):
    """Whose stored score about which campaign; no id stands in an address."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ref": "m000013", "campaign_id": "c000128", "language": "zh"}]}
    )

    campaign_id: Text = Field(description="a campaign that is known")


# By what is asked about: a lead, a member, or a member and a content.
OF_KEY: Mapping[str, tuple[type[LookupQuery], type[Lookup]]] = {
    "lead_id": (LookupQuery, LookupLead),
    "member_id": (LookupQuery, Lookup),
    "contact_id": (CampaignQuery, LookupCampaign),
}
QUERIES: Mapping[str, type[LookupQuery]] = {name: OF_KEY[key][0] for name, key in KEYS.items()}
BODIES: Mapping[str, type[Lookup]] = {name: OF_KEY[key][1] for name, key in KEYS.items()}
