"""Whether outcomes can be true: of a score that was given, about its subject, after it and before now."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from time import sleep
from typing import Any

from models.ulids import milliseconds
from serving.contract.problems import Fault, pointer
from serving.contract.schema_outcomes import Outcome, Outcomes
from serving.ledger import access_log
from serving.ledger.score_log import WRITE_SECONDS, ScoreLog

TOLERANCE = timedelta(minutes=5)  # between the caller's clock and this one


def checked(log: ScoreLog, body: Outcomes, now: datetime) -> tuple[list[Outcome], list[Fault]]:
    """Return the outcomes that can be true, and what is wrong with the others."""
    scores = _scores(log, body.outcomes, now)
    good, faults = [], []
    for at, one in enumerate(body.outcomes):
        wrong = [
            Fault(pointer("outcomes", at, name), code, said)
            for name, code, said in _faults(log, one, scores, now)
        ]
        faults += wrong
        good += [] if wrong else [one]
    return good, faults


def _scores(log: ScoreLog, outcomes: Sequence[Outcome], now: datetime) -> dict[str, dict[str, Any]]:
    """The scores that outcomes name; those just given may still wait in another worker's memory."""
    ids = sorted({one.score_id for one in outcomes if one.score_id is not None})
    found = log.find(ids) if ids else {}
    just = now.timestamp() * 1000 - 5_000 * WRITE_SECONDS
    if any((milliseconds(one) or 0) > just for one in ids if one not in found):
        sleep(2 * WRITE_SECONDS)
        found = log.find(ids)
    return found


def _faults(
    log: ScoreLog, one: Outcome, scores: dict[str, dict[str, Any]], now: datetime
) -> Iterator[tuple[str, str, str]]:
    if one.occurred_at > now + TOLERANCE:
        yield "occurred_at", "in_future", "lies in the future"
    if one.score_id is None:
        return
    score = scores.get(one.score_id)
    if score is None:
        yield "score_id", "unknown_score", "no such score was given, or it is no longer kept"
        return
    if one.occurred_at < datetime.fromisoformat(score["scored_at"]) - TOLERANCE:
        yield "occurred_at", "before_score", "lies before the score"
    known = one.ref is not None and score["subject"] is not None
    if known and score["subject"] != access_log.mark(log.secret, one.ref):
        yield "ref", "other_subject", "the score is about another subject"
    if one.model is not None and one.model != score["model"]:
        yield "model", "other_model", "the score is another model's"
