"""Words about consent that were told by a call, and tombstones of who was erased: in the database."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from features.consent import WORDS

Subject = tuple[str, str]  # kind (member or lead) and id
Words = dict[str, tuple[str, float]]  # by column of the contract: the word, and when it was said


def keep(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    """Keep words that are new; return how many. The same ``event_id`` of a client counts once."""
    before = connection.total_changes
    connection.executemany("INSERT OR IGNORE INTO consents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return connection.total_changes - before


def stamp(connection: sqlite3.Connection) -> tuple[Any, ...]:
    """Return a mark that changes with what is told: a dropped word's row number is given to the next one."""
    query = (
        "SELECT (SELECT count(*) FROM consents), (SELECT max(rowid) FROM consents),"
        " (SELECT max(received) FROM consents), (SELECT sum(received) FROM consents),"
        " (SELECT count(*) FROM erased), (SELECT max(at) FROM erased)"
    )
    return tuple(connection.execute(query).fetchone())


def words(connection: sqlite3.Connection) -> dict[Subject, Words]:
    """Return the newest word of each kind, by subject; of one moment a withdrawal."""
    found: dict[Subject, Words] = {}
    query = "SELECT kind, ref, profiling, marketing, occurred FROM consents ORDER BY occurred, rowid"
    for kind, ref, *said, at in connection.execute(query):
        own = found.setdefault((kind, ref), {})
        for name, word in zip(WORDS, said, strict=True):
            if word is not None and not (name in own and own[name] == ("withdrawn", at)):
                own[name] = (word, at)
    return found


def erased(connection: sqlite3.Connection) -> dict[Subject, float]:
    """Return who was erased, and when."""
    return {(kind, ref): at for kind, ref, at in connection.execute("SELECT kind, ref, at FROM erased")}


def drop_tombstone(connection: sqlite3.Connection, subject: Subject) -> None:
    connection.execute("DELETE FROM erased WHERE kind = ? AND ref = ?", subject)


def drop_words(connection: sqlite3.Connection, subject: Subject) -> None:
    connection.execute("DELETE FROM consents WHERE kind = ? AND ref = ?", subject)
