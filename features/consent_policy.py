"""What a brand decides about consent, beside the words of its members: ``consent:`` in params.yaml."""

from typing import Literal

from pydantic import Field

from features.section import Section

Choice = Literal["suppress", "score"]


class Unknown(Section):
    """What happens to those whose word is not known, by kind of consent."""

    profiling: Choice = "suppress"
    marketing: Choice = "score"


class Policy(Section):
    """What the brand decides beside the words of its members; whoever may be younger is suppressed.

    ``training`` says whether models learn from the past of those who refused profiling, died or are minors.
    """

    unknown: Unknown = Unknown()
    training: Literal["leave_out", "keep"] = "leave_out"
    adult_age: int = Field(default=18, ge=0, le=30)
