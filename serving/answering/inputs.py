"""From items to the model's inputs, wherever these come from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

import polars as pl

from models.few_rows import Features, framed
from serving.champion import record_checks
from serving.champion.champion import Champion
from serving.champion.feature_snapshot import Snapshot
from serving.champion.record_features import Question
from serving.consent import subjects
from serving.consent.consents import Consents
from serving.consent.said_in_rows import AHEAD, newest
from serving.contract.problems import Problem
from serving.contract.schema import Item
from serving.contract.schema_items import ResponseItem
from serving.contract.schema_record import having

Facts = Mapping[str, Any]
# Why it was refused may name files, which are the operator's affair.
NO_SNAPSHOT = (
    "Answers by reference are not possible: the snapshot is missing or was refused, and /readyz says why."
)


@dataclass(frozen=True)
class LocatedItem:
    """An item, and where its inputs come from.

    Parameters
    ----------
    at
        Row of the snapshot, where the very question was published.
    question
        A record; else ``content`` is asked of a published subject.
    known
        What its sources say about consent.
    """

    item: Item
    as_of: int
    at: int | None = None
    question: Question | None = None
    content: Facts = field(default_factory=dict)
    known: tuple[Facts, ...] = ()


def locate(champion: Champion, item: Item, now: datetime, consents: Consents) -> LocatedItem:
    """Return where the inputs of ``item`` come from; ``Problem`` where there are none."""
    said = {} if item.consent is None else {f"consent_{kind}": word for kind, word in item.consent}
    if item.ref is None:
        return _by_record(champion, item, said, now, consents)
    return _by_ref(champion, item, said, consents)


def _by_ref(champion: Champion, item: Item, said: Facts, consents: Consents) -> LocatedItem:
    snapshot = _there(champion)
    assert item.ref is not None
    some = snapshot.subjects.get(item.ref)
    if some is None:
        raise _absent(champion, item.ref)
    kind = subjects.kind_of(champion.task)
    known = (said, *consents.known(kind, item.ref))
    if not consents.lists(kind, item.ref):
        known = (*known, snapshot.known(some))
    at = snapshot.places.get(place(item))
    if at is not None:
        return LocatedItem(item, snapshot.as_of, at=at, known=known)
    if champion.history is None:
        raise Problem("unknown_campaign", "The snapshot was published without what other campaigns need.")
    return LocatedItem(item, snapshot.as_of, content=_content(champion, item), known=known)


def _absent(champion: Champion, ref: str) -> Problem:
    """Why the snapshot has no such subject."""
    if champion.everyone is not None and ref in champion.everyone:
        detail = "The model is about others: a lead, say, that is neither won nor long past."
        return Problem("inactive_ref", detail)
    return Problem("unknown_ref", "The published snapshot has no such subject.")


def _there(champion: Champion) -> Snapshot:
    if champion.snapshot is None:
        raise Problem("not_ready", NO_SNAPSHOT)
    return champion.snapshot


def _by_record(champion: Champion, item: Item, said: Facts, now: datetime, consents: Consents) -> LocatedItem:
    assert item.record is not None
    record_checks.check(champion.reader, item.record)
    # One second on, as in training: what was recorded in this very second counts.
    as_of = int((item.as_of or now).timestamp()) + (item.as_of is None)
    question = Question(item.record, as_of, _content(champion, item))
    named = (fact for subject in subjects.of_record(item.record) for fact in consents.known(*subject))
    until = now + AHEAD
    rows = (item.record.members, item.record.leads)
    known = (said, *(newest(of_table, until) for of_table in rows), *named)
    return LocatedItem(item, as_of, question=question, known=known)


def place(item: Item) -> tuple[str, ...]:
    """Return the snapshot's key of what the item asks: a subject and, where the task has one, a campaign."""
    return (item.ref or "", item.campaign_id or "") if isinstance(item, ResponseItem) else (item.ref or "",)


def _content(champion: Champion, item: Item) -> Facts:
    if not isinstance(item, ResponseItem):
        return {}
    if item.campaign is not None:
        return record_checks.content(champion.reader, item.campaign)
    if item.campaign_id is None or item.campaign_id not in champion.campaigns:
        raise Problem("unknown_campaign", "No such campaign is known; send its content as campaign.")
    return champion.campaigns[item.campaign_id]


def is_empty(champion: Champion, one: LocatedItem) -> bool:
    """Tell whether an item is a record without any row about the subject that was known at its moment."""
    return one.question is not None and not any(_known_at(row) < one.as_of for row in _rows(champion, one))


def is_bare(champion: Champion, one: LocatedItem) -> bool:
    """Tell whether an item is a record without any row about the subject, known by then or not."""
    return one.question is not None and not any(True for _ in _rows(champion, one))


def _rows(champion: Champion, one: LocatedItem) -> Iterator[Any]:
    if one.question is None:
        return
    record: Any = one.question.record
    about = set(having(champion.reader.key))
    for name in champion.reader.sources:
        yield from getattr(record, name) if name in about else ()
    yield from chain.from_iterable(record.own.values())


def _known_at(row: Any) -> float:
    """Seconds since 1970 at which a row became known."""
    happened: float = row.occurred_at.timestamp()
    return happened if row.recorded_at is None else max(happened, row.recorded_at.timestamp())


def features(champion: Champion, asked: Sequence[LocatedItem]) -> Features:
    """Return what the model reads, one row an item, in their order."""
    names = champion.scorer.model.reads
    published = [at for at, one in enumerate(asked) if one.at is not None]
    records = [at for at, one in enumerate(asked) if one.question is not None]
    contents = [at for at, one in enumerate(asked) if one.at is None and one.question is None]
    parts: list[Features] = []
    if published:
        parts.append(_there(champion).frame[[asked[at].at for at in published]].select(names))
    if records:
        questions = [question for at in records if (question := asked[at].question) is not None]
        parts.append(champion.reader.rows(questions))
    if contents:
        assert champion.history is not None
        pairs = [(asked[at].item.ref or "", asked[at].content) for at in contents]
        parts.append(champion.history.features(pairs).select(names))
    if len(parts) == 1:
        return parts[0]
    order = [*published, *records, *contents]
    back = sorted(range(len(order)), key=order.__getitem__)
    return pl.concat([framed(part).select(names) for part in parts], rechunk=True)[back]
