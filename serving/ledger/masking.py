"""Answers that were kept are told only as long as they may be: what is known now counts at reading."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from serving.answering.answers import Answer
from serving.consent import subjects
from serving.consent.consents import Consents
from serving.ledger import erasure

KEPT = ("record_id", "score_id", "scored_at", "features_as_of", "model_version")


def masked(
    consents: Consents, task: str, items: Sequence[Any], answers: Sequence[Answer], now: datetime
) -> list[Answer]:
    """Return the answers to the items; those about whom has withdrawn or was erased since are suppressed."""
    return [_masked(consents, task, item, answer, now) for item, answer in zip(items, answers, strict=True)]


def _masked(consents: Consents, task: str, item: Any, answer: Answer, now: datetime) -> Answer:
    if item == erasure.ERASED:
        return erasure.answer(answer)
    if answer["status"] in ("suppressed", "error"):
        return answer
    known = [fact for subject in subjects.of_entry(item, task) for fact in consents.known(*subject)]
    reason = consents.withdrawal(tuple(known), now)
    if reason is None:
        return answer
    kept = {name: answer[name] for name in KEPT if name in answer}
    return kept | {"status": "suppressed", "suppression_reason": reason}
