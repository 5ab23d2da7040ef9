"""What is told of another result: the changes that would have led to it, or why there are none."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.phrases import catalogue

FOUND, NO_SCORE, NO_EVENTS, NOT_WITHIN = "found", "no_score", "no_events", "not_within_limits"


Value = float | str | None


@dataclass(frozen=True)
class Change:
    """One feature that would be otherwise.

    Parameters
    ----------
    before, after
        Its value, and what it would be; None is unknown.
    stated
        Whether the sentence says it; the others follow from what it says.
    text
        Both facts, by language.
    """

    feature: str
    before: Value
    after: Value
    stated: bool
    text: Mapping[str, str]


@dataclass(frozen=True)
class Counterfactual:
    """What would have led to another band, or why nothing is told.

    Parameters
    ----------
    reason
        ``found``; ``no_score``: there is no band to leave; ``no_events``: the model reads nothing that
        could have been otherwise; ``not_within_limits``: nothing that was tried leads elsewhere.
    band, probability
        Of the changed row, by the scorer.
    changes
        Every feature that differs, those that the sentence states first.
    """

    reason: str
    text: Mapping[str, str]
    band: str | None = None
    probability: float | None = None
    changes: tuple[Change, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is one."""
        return self.reason == FOUND


def nothing(reason: str) -> Counterfactual:
    """Return why there is none, in words."""
    return Counterfactual(reason, catalogue()["counterfactual"][reason])
