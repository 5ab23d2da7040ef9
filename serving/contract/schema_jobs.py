"""What callers send to have a whole audience scored."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from serving.contract.forms import MARK
from serving.contract.schema import Content, Options
from serving.contract.schema_record import Row, Text
from serving.tasks import ABOUT_CONTENT, ABOUT_SUBJECTS, TaskName

EXAMPLE: Any = {"model": "churn", "audience": "everyone"}
ABOUT = ("campaign_id", "campaign")
RESPONSE = {"model": ABOUT_CONTENT}
FORMS: Any = {
    "OfItems": {"needs": ["items"], "without": ["audience", *ABOUT, "options"]},
    "OfEveryone": {
        "needs": ["audience"], "without": ["items", *ABOUT], "only": {"model": ABOUT_SUBJECTS}
    },
    "OfEveryoneByCampaignId": {
        "needs": ["audience", "campaign_id"], "without": ["items", "campaign"], "only": RESPONSE
    },
    "OfEveryoneByCampaign": {
        "needs": ["audience", "campaign"], "without": ["items", "campaign_id"], "only": RESPONSE
    },
}  # fmt: skip

EXTRA: Any = {MARK: {"oneOf": FORMS}, "examples": [EXAMPLE]}


class Job(Row):
    """A whole audience: its items, or everyone in the published snapshot.

    Everyone asked about a campaign needs one; a list of items has campaigns and options in its items.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=EXTRA)

    model: TaskName
    audience: Literal["everyone"] | None = Field(default=None, description="everyone in the snapshot")
    items: list[dict[str, Any]] | None = Field(default=None, min_length=1)
    campaign_id: Text | None = Field(default=None, description="with an audience: the campaign asked about")
    campaign: Content | None = Field(default=None, description="with an audience: the content asked about")
    options: Options | None = Field(default=None, description="with an audience")

    @model_validator(mode="after")
    def _one_form(self) -> "Job":
        campaigns = sum(getattr(self, name) is not None for name in ABOUT)
        if (self.audience is None) == (self.items is None):
            raise ValueError("needs either audience or items")
        if self.items is not None and (campaigns or self.options is not None):
            raise ValueError("campaigns and options of a list of items stand in its items")
        if self.items is None and campaigns != (self.model in ABOUT_CONTENT):
            asking = " and ".join(ABOUT_CONTENT)
            raise ValueError(
                f"everyone is asked about one campaign by {asking}, and by the others about none"
            )
        return self
