"""Whether a plan may be handed over: signed by whom the brand asks, and rejected by nobody."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from models import approval
from models.acting.refusal import RefusalError
from models.phrases import LANGUAGES, catalogue

BETWEEN = {"en": "; ", "zh": "；"}


class UnsignedError(RefusalError):
    """A plan that is not signed as the brand asks; says who is missing."""


def require(told: Mapping[str, Any] | None, today: date) -> None:
    """Let a plan pass that may be handed over.

    Parameters
    ----------
    told
        ``report`` (the hash that was signed), ``roles`` that are asked for, ``four_eyes`` (one name may stand
        under one role only) and ``signatures``; None where nothing is asked.

    Raises
    ------
    UnsignedError
        Somebody rejects it, an approval that is asked for is missing or over, or one name stands for two.
    """
    if told is None:
        return
    rows, report = told["signatures"], told["report"]
    against = [
        approval.Shortfall(row["role"], "rejected", row["by"])
        for row in approval.holding(rows, report)
        if row["decision"] == "reject"
    ]
    lacks = approval.lacking(rows, report, told["roles"], today)
    if against or lacks:
        every = [*against, *(lack for lack in lacks if lack.why != "rejected")]
        raise UnsignedError.worded("plan_unsigned", lacks=_worded(every))
    if told["four_eyes"] and (names := approval.twice(rows, report)):
        raise UnsignedError.worded("plan_twice", names="; ".join(names))


def _worded(lacks: Sequence[approval.Shortfall]) -> dict[str, str]:
    words = catalogue()["acting"]
    return {
        language: BETWEEN[language].join(
            str(words["lacks"][lack.why][language]).format(
                role=words["roles"][lack.role][language], detail=lack.detail
            )
            for lack in lacks
        )
        for language in LANGUAGES
    }
