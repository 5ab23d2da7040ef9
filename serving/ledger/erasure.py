"""Erasing a subject from all that the service keeps; a tombstone stays, so that it is not scored again."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from serving.consent import subjects
from serving.consent.consent_updates import Subject
from serving.consent.consents import Consents
from serving.database import Database
from serving.ledger import access_log
from serving.ledger.audience_store import Audiences
from serving.ledger.job_store import pack, unpack
from serving.ledger.score_log import ScoreLog

ERASED: dict[str, Any] = {"erased": True}  # stands where an item of a job was
# What is deleted where, in this order, of one subject: ``:ref``, its kind, and its mark in the audit.
# Every table with rows about a subject has a line here.
TABLES = {
    "outcomes": "DELETE FROM outcomes WHERE ref = :ref AND (model IS NULL OR (model = 'lead') = :is_lead)",
    "audit": "DELETE FROM audit WHERE subject = :mark",
    "consents": "DELETE FROM consents WHERE kind = :kind AND ref = :ref",
}


def erase(consents: Consents, log: ScoreLog, subject: Subject, now: datetime) -> dict[str, int]:
    """Return how many rows were erased, by table, and how many items of jobs.

    With a member go its leads, and what was told of its accounts before it was known whose they are.
    """
    subject = kind, name = consents.subject(subject)
    whole = [subject]
    if kind == "member":
        whole += [("lead", lead) for lead in consents.leads_of(name)]
        whole += [(kind, account) for account in consents.accounts_of(name)]
    by_score = _of_scores(consents.database, log, whole)
    found = _rows(consents.database, log.secret, whole, now)
    consents.refresh()
    found["outcomes"] += by_score
    scores = sum(log.erase(access_log.mark(log.secret, name) or "") for _, name in whole)
    members = [name for kind, name in whole if kind == "member"]
    listed = Audiences(consents.database).erase(members)
    return found | {"scores": scores, "items": _items(consents.database, whole), "audiences": listed}


def _of_scores(database: Database, log: ScoreLog, whole: Iterable[Subject]) -> int:
    """Erase the outcomes that name a subject by its score alone; return how many."""
    ids = [one for _, name in whole for one in log.ids(access_log.mark(log.secret, name) or "")]
    with database.use() as connection:
        connection.execute("PRAGMA secure_delete = ON")
        query = "DELETE FROM outcomes WHERE score_id IN (SELECT value FROM json_each(?))"
        return connection.execute(query, (json.dumps(ids),)).rowcount


def _rows(database: Database, secret: bytes, whole: Iterable[Subject], now: datetime) -> dict[str, int]:
    found = dict.fromkeys(TABLES, 0)
    with database.use() as connection:
        connection.execute("PRAGMA secure_delete = ON")  # overwritten, not only unlinked
        for kind, name in whole:
            mark = access_log.mark(secret, name)
            named = {"ref": name, "kind": kind, "is_lead": kind == "lead", "mark": mark}
            connection.execute(
                "INSERT OR REPLACE INTO erased VALUES (?, ?, ?)", (kind, name, now.timestamp())
            )
            for table, statement in TABLES.items():
                found[table] += connection.execute(statement, named).rowcount
    return found


def _items(database: Database, whole: Iterable[Subject]) -> int:
    """Take the subjects' items and answers out of all jobs; return how many items."""
    with database.use() as connection:
        query = "SELECT job, number, model FROM chunks JOIN jobs ON jobs.id = chunks.job"
        places = [tuple(row) for row in connection.execute(query)]
    return sum(_chunk(database, place, set(whole)) for place in places)


def _chunk(database: Database, place: tuple[Any, ...], whole: set[Subject]) -> int:
    *key, task = place
    with database.use() as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute(
            "SELECT items, answers FROM chunks WHERE job = ? AND number = ?", key
        ).fetchone()
        if row is None:
            return 0
        items = unpack(row["items"])
        gone = [at for at, item in enumerate(items) if whole & set(subjects.of_entry(item, task))]
        if gone:
            _blank(connection, key, items, row["answers"], gone)
        return len(gone)


def _blank(connection: sqlite3.Connection, key: list[Any], items: Any, kept: Any, gone: list[int]) -> None:
    answers = None if kept is None else unpack(kept)
    for at in gone:
        items[at] = ERASED
        if answers is not None:
            answers[at] = answer(answers[at])
    packed = None if answers is None else pack(answers)
    connection.execute(
        "UPDATE chunks SET items = ?, answers = ? WHERE job = ? AND number = ?", (pack(items), packed, *key)
    )


def answer(former: dict[str, Any]) -> dict[str, Any]:
    """Return what stands where an answer was: nothing of the subject, not even the caller's mark."""
    kept = {name: former[name] for name in ("scored_at", "model_version") if name in former}
    return {"record_id": None, "status": "suppressed", "suppression_reason": "erased"} | kept


def command(database: Database, published: Path, kept: Path, subject: Subject, now: datetime) -> str:
    """Erase from the command line; return what was erased as JSON."""
    database.prepare()
    consents = Consents(published / "consent", database)
    consents.refresh()
    log = ScoreLog(kept)
    log.prepare()
    return json.dumps(erase(consents, log, subject, now))
