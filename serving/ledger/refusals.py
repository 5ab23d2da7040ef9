"""Who says no in an outcome is written to no more: it becomes a word about consent, effective at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from serving.consent import consent_updates, subjects
from serving.consent.consents import Consents
from serving.contract.schema_outcomes import Outcome
from serving.ledger import access_log
from serving.ledger.score_log import ScoreLog

REFUSING = ("refused", "unsubscribed")
MARK = "outcome:"  # before the event's id, so that it meets no id of a word told by itself
MARK_OF_LEAD = "outcome of lead:"  # where the same event counts for a member too


def follow(log: ScoreLog, consents: Consents, client: str, outcomes: Sequence[Outcome], now: datetime) -> int:
    """Keep a withdrawal of marketing for every refusal among ``outcomes``; return how many are new.

    Where an outcome names only the score, its pseudonym is looked for among the listed subjects.
    """
    refusing = [one for one in outcomes if one.kind in REFUSING]
    if not refusing:
        return 0
    scores = log.find(sorted({one.score_id for one in refusing if one.score_id is not None}))
    named = _named(log.secret, consents, [one for one in refusing if one.ref is None], scores)
    rows = []
    for one in refusing:
        score = scores.get(one.score_id or "", {})
        said = (None, "withdrawn", min(one.occurred_at, now).timestamp(), now.timestamp())
        for kind, mark in _kinds(one.model or score.get("model")):
            ref = one.ref or named.get((kind, score.get("subject")))
            if ref is not None:
                rows.append((client, mark + one.event_id, kind, ref, *said))
    with consents.database.use() as connection:
        new = consent_updates.keep(connection, rows)
    consents.refresh()
    return new


def _kinds(model: str | None) -> tuple[tuple[str, str], ...]:
    """What the reference may name, and the mark of each: where nothing says it, a member and a lead."""
    kind = None if model is None else subjects.kind_of(model)
    return ((kind, MARK),) if kind is not None else (("member", MARK), ("lead", MARK_OF_LEAD))


def _named(
    secret: bytes, consents: Consents, outcomes: Iterable[Outcome], scores: Mapping[str, Mapping[str, Any]]
) -> dict[tuple[str, str | None], str]:
    """Ids by kind and pseudonym, of those whom outcomes name by their score alone."""
    wanted = {scores.get(one.score_id or "", {}).get("subject") for one in outcomes} - {None}
    if not wanted:
        return {}
    marked = ((kind, access_log.mark(secret, ref), ref) for kind, ref in consents.subjects())
    return {(kind, mark): ref for kind, mark, ref in marked if mark in wanted}
