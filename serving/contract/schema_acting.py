"""What callers ask about acting on scores, and what they are told."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from serving.contract.schema import Consents
from serving.contract.schema_consent import Kind
from serving.contract.schema_record import Row, Text

Language = Literal["en", "zh", "en-GB", "zh-CN"]
NEXT_EXAMPLE: Any = {"ref": "m000013", "language": "zh"}
HOLDOUT_EXAMPLE: Any = {"ref": "m000013", "scene": "cart_left"}


class NextAction(Row):
    """For whom the next action is asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [NEXT_EXAMPLE]})

    ref: Text = Field(description="pseudonymous id in what was published")
    kind: Kind = Field(default="member", description="what ref names")
    consent: Consents | None = None
    language: Language | None = Field(
        default=None, description="of all words; that of Accept-Language where empty"
    )


class SceneWords(Row):
    """A scene by its name in the brand's file, and in words."""

    name: str
    text: str


class Reason(Row):
    """Why this is done, or nothing."""

    code: str = Field(description="act, held_out, no_scene, no_consent, complaint, quiet, capped, again, ...")
    text: str


class Due(Row):
    """What is due for one subject."""

    status: Literal["ok", "suppressed"] = Field(
        description="suppressed: by consent; a complaint may be answered"
    )
    action: Literal["contact", "care", "nothing"] = Field(
        description="care: no advertising, the owner sees to it"
    )
    scene: SceneWords | None
    option: str | None = Field(description="what is sent, by its name in the brand's options")
    channel: str | None
    owner: str | None = Field(description="who sees to it")
    held_out: bool = Field(
        description="held out at random of the scene: nothing is done, to see what it brings"
    )
    why: list[str] = Field(description="the facts that make the scene")
    reason: Reason
    suppression_reason: str | None
    as_of: str
    valid_until: str = Field(description="after it nothing is due until a new list is published")


class NextActionAnswer(Row):
    """The most urgent scene that the rules allow, and what is due in it; or nothing, and why."""

    request_id: str
    result: Due


class Holdout(Row):
    """Whose holdouts are asked for: of a plan, of a scene, or, where neither is named, of all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [HOLDOUT_EXAMPLE]})

    ref: Text
    kind: Kind = Field(default="member", description="what ref names")
    plan: Text | None = Field(default=None, description="name of a plan; plans are of members")
    scene: Text | None = Field(default=None, description="name of a scene in the brand's file")


class Membership(Row):
    """Whether the subject is held out of one thing."""

    of: Literal["plan", "scene", "all_scenes"]
    name: str | None
    held_out: bool
    share: float = Field(description="how many are held out of it, a share of 1")
    listed: bool | None = Field(description="of a plan: whether its list has the subject")


class HoldoutResult(Row):
    """Whether anything holds the subject out, and of what."""

    status: Literal["ok", "suppressed"]
    suppression_reason: str | None
    held_out: bool = Field(description="of any of these")
    holdouts: list[Membership]


class HoldoutAnswer(Row):
    """Who must be left alone, so that it is seen what contacts add; every system may ask."""

    request_id: str
    result: HoldoutResult
