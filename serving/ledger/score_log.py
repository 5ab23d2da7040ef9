"""The log of scores: a score's id leads to what was said, when, and about whom by pseudonym only.

Answers go into a queue in memory; a thread of each worker writes them in batches to a file of its
own, so that no answer and no job waits for the log.
"""

import json
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from polars.exceptions import PolarsError
from prometheus_client import Counter

from models.ulids import encoded
from serving.answering import answers
from serving.champion.champion import Champion
from serving.contract.problems import Problem
from serving.contract.schema import Item
from serving.database import Database
from serving.ledger import access_log
from serving.ledger.score_batches import Batches, IsErased
from serving.settings import Settings

MOST_WAITING = 50_000
WRITE_SECONDS = 0.2
KEEP_SECONDS = 5.0  # how often new batches are looked for
BY_RECORD = "record"
SCHEMA = """
CREATE TABLE IF NOT EXISTS scores (
  score_id TEXT PRIMARY KEY, subject TEXT, model TEXT NOT NULL, version TEXT NOT NULL, status TEXT NOT NULL,
  probability REAL, band TEXT, experiment_arm TEXT, snapshot TEXT NOT NULL, features_as_of TEXT NOT NULL,
  campaign_id TEXT, scored_at TEXT NOT NULL, client TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS scores_by_subject ON scores (subject);
"""
logger = logging.getLogger("memberlens.scores")


class Entry(NamedTuple):
    """One line; ``subject`` is the id itself while it waits in memory, and a pseudonym on disk."""

    score_id: str
    subject: str | None
    model: str
    version: str
    status: str
    probability: float | None
    band: str | None
    experiment_arm: str | None
    snapshot: str
    features_as_of: str
    campaign_id: str | None
    scored_at: str
    client: str


INSERT = f"INSERT OR IGNORE INTO scores VALUES ({', '.join('?' * len(Entry._fields))})"


class ScoreLog:
    """The log of one process; several write to the same files below ``folder``.

    Parameters
    ----------
    lost
        Counts answers that were given and could not be logged.
    """

    def __init__(self, folder: Path, lost: Counter | None = None) -> None:
        self.database = Database(folder / "scores.db", schema=SCHEMA)
        self.secret, self._lost = access_log.secret_of(folder), lost
        self.batches = Batches(folder / "batches", self.secret)
        self._waiting: deque[Entry] = deque()
        self._writing, self._failing, self._unkept = threading.Lock(), False, False

    def prepare(self) -> None:
        """Make the file where it is not there yet, for this user only."""
        self.database.path.touch(0o600)
        self.database.prepare()

    def note(
        self,
        champion: Champion,
        client: str,
        items: Sequence[Item | Problem],
        found: Sequence[Mapping[str, Any]],
    ) -> None:
        """Remember answers, in the order of the items asked; costs the caller no waiting."""
        for item, one in zip(items, found, strict=True):
            if "score_id" not in one or isinstance(item, Problem):
                continue
            if len(self._waiting) >= MOST_WAITING:
                self._lose(1)
            else:
                self._waiting.append(_entry(champion, client, item, one))

    def flush(self) -> None:
        """Write what waits. What cannot be written waits on, up to ``MOST_WAITING`` answers."""
        with self._writing:
            count = len(self._waiting)
            rows = [self._waiting[at] for at in range(count)]
            if not rows:
                return
            try:
                with self.database.use() as connection:
                    connection.executemany(INSERT, map(self._masked, rows))
            except sqlite3.DatabaseError as error:
                if not self._failing:
                    logger.error("score log cannot be written: %s", error)
                self._failing = True
                return
            self._failing = False
            for _ in rows:
                self._waiting.popleft()

    def _masked(self, entry: Entry) -> tuple[Any, ...]:
        return (entry.score_id, access_log.mark(self.secret, entry.subject), *entry[2:])

    def close(self) -> None:
        """Write the last answers; those that cannot be written are counted as lost."""
        self.flush()
        self._lose(len(self._waiting))
        self._waiting.clear()

    def _lose(self, count: int) -> None:
        if self._lost is not None:
            self._lost.inc(count)

    def run(
        self,
        stop: threading.Event,
        live: Callable[[], Iterable[Champion]],
        settings: Settings,
        is_erased: IsErased,
    ) -> None:
        """Write every ``WRITE_SECONDS``, and keep the batches of ``live`` champions, until ``stop``."""
        looked = -KEEP_SECONDS
        while not stop.wait(WRITE_SECONDS):
            self.flush()
            if monotonic() - looked > KEEP_SECONDS:
                self._keep(live(), settings, is_erased)
                looked = monotonic()
        self.flush()

    def _keep(self, champions: Iterable[Champion], settings: Settings, is_erased: IsErased) -> None:
        try:
            for champion in champions:
                self.batches.keep(champion, settings, is_erased)
            self._unkept = False
        except (OSError, PolarsError) as error:
            if not self._unkept:
                logger.error("ids of a batch cannot be kept: %s", error)
            self._unkept = True

    def find(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what is known, by score id: answers first, then rows of published batches."""
        self.flush()
        with self.database.use() as connection:
            rows = connection.execute(
                "SELECT * FROM scores WHERE score_id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
            )
            found = {row["score_id"]: dict(row) for row in rows}
        return found | self.batches.find([one for one in ids if one not in found])

    def purge(self, before: datetime) -> None:
        """Forget what was said before a moment."""
        oldest = encoded(int(before.timestamp() * 1000), 0)
        with self.database.use() as connection:
            connection.execute("DELETE FROM scores WHERE score_id < ?", (oldest,))
        self.batches.purge(before)

    def ids(self, subject_mark: str) -> list[str]:
        """Return the ids of all scores of one subject, by its pseudonym."""
        self.flush()
        with self.database.use() as connection:
            rows = connection.execute("SELECT score_id FROM scores WHERE subject = ?", (subject_mark,))
            found = [row["score_id"] for row in rows]
        return found + self.batches.ids(subject_mark)

    def erase(self, subject_mark: str) -> int:
        """Forget everything about one subject, by its pseudonym; return how many lines that were."""
        self.flush()
        with self.database.use() as connection:
            count = connection.execute("DELETE FROM scores WHERE subject = ?", (subject_mark,)).rowcount
        return count + self.batches.erase(subject_mark)


def _entry(champion: Champion, client: str, item: Item, one: Mapping[str, Any]) -> Entry:
    by_ref = item.ref is not None and champion.snapshot is not None
    return Entry(
        one["score_id"],
        answers.subject(champion, item),
        champion.task,
        champion.version,
        one["status"],
        one.get("probability"),
        one.get("band"),
        one.get("experiment_arm"),
        champion.snapshot.sha256 if by_ref and champion.snapshot else BY_RECORD,
        one["features_as_of"],
        getattr(item, "campaign_id", None),
        one["scored_at"],
        client,
    )
