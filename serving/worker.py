"""The thread that works on jobs, a chunk at a time."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import time
from typing import Any

from serving import background
from serving.answering import answers
from serving.answering.answers import ALL_SUPPRESSED
from serving.champion.champion import Champion
from serving.contract.problems import Problem
from serving.contract.schema import Item
from serving.edge.request_bodies import parse_item
from serving.ledger import retention
from serving.ledger.job_store import Jobs, pack, unpack
from serving.state import State

STALE_SECONDS = 15.0  # a worker that was not heard of for so long is dead
AHEAD_SECONDS = 60.0  # a beat from the future: the clock was set back
PURGE_SECONDS = 600.0
FAILED = "The failure is logged by the service."
logger = logging.getLogger("memberlens.jobs")


@dataclass
class Work:
    """One worker; several processes may have one on the same store."""

    state: State
    jobs: Jobs
    clock: Callable[[], float] = time

    @property
    def owner(self) -> str:
        return background.owner()

    def run(self, stop: threading.Event) -> None:
        """Answer chunks until ``stop``, and forget what is too old."""
        purged = 0.0

        def turn() -> bool:
            nonlocal purged
            if self.clock() - purged > PURGE_SECONDS:
                self._purge()
                purged = self.clock()
            return self.step()

        background.run(turn, stop, "job store", logger)

    def _purge(self) -> None:
        state = self.state
        self.jobs.purge(state.now() - timedelta(days=state.settings.results_days))
        retention.purge(state.consents, state.score_log, state.settings, state.now())

    def step(self) -> bool:
        """Answer one chunk of one job; False where there is nothing to do."""
        job = self._claim()
        if job is None:
            return False
        if job["model"] not in self.state.champions:
            self._release(job["id"])
            return False
        chunk = self._next(job["id"])
        if chunk is None:
            self._finish(job["id"])
            return True
        found = self._answer(self.state.champions[job["model"]], unpack(chunk["items"]), job["client"])
        self._keep(job["id"], chunk, found)
        return True

    def _claim(self) -> dict[str, Any] | None:
        """A job that nobody else is working on, now this worker's: the oldest of the client whose turn it is.

        Clients take turns, a chunk each: first comes whose jobs were worked on longest ago.
        """
        now = self.clock()
        with self.jobs.database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(
                "SELECT id, client, model FROM jobs WHERE status IN ('queued', 'running')"
                " AND (owner IS NULL OR owner = ? OR beat < ? OR beat > ?)"
                " ORDER BY (SELECT max(turn) FROM jobs AS all_of WHERE all_of.client = jobs.client), created"
                " LIMIT 1",
                (self.owner, now - STALE_SECONDS, now + AHEAD_SECONDS),
            ).fetchone()
            if row is not None:
                connection.execute(
                    "UPDATE jobs SET owner = ?, beat = ?, status = 'running',"
                    " turn = (SELECT max(turn) + 1 FROM jobs) WHERE id = ?",
                    (self.owner, now, row["id"]),
                )
        return None if row is None else dict(row)

    def _release(self, job: str) -> None:
        with self.jobs.database.use() as connection:
            connection.execute("UPDATE jobs SET owner = NULL, status = 'queued' WHERE id = ?", (job,))

    def _next(self, job: str) -> dict[str, Any] | None:
        with self.jobs.database.use() as connection:
            row = connection.execute(
                "SELECT number, items FROM chunks WHERE job = ? AND answers IS NULL ORDER BY number LIMIT 1",
                (job,),
            ).fetchone()
        return None if row is None else dict(row)

    def _answer(self, champion: Champion, items: list[Any], client: str) -> list[dict[str, Any]]:
        parsed = [parse_item(entry, at, champion.task) for at, entry in enumerate(items)]
        try:
            found = self._answers(champion, parsed)
        except (sqlite3.Error, OSError):  # tried again: the next time may go well
            raise
        except Exception:  # what one item does to the service must not hold up the others, nor their job
            logger.exception("a chunk failed; its items are answered one by one")
            found = [self._alone(champion, one) for one in parsed]
        self.state.metrics.answered(champion.name, client, found)
        self.state.score_log.note(champion, client, parsed, found)
        return [one | {"model_version": champion.version} for one in found]

    def _answers(self, champion: Champion, items: list[Item | Problem]) -> list[dict[str, Any]]:
        state = self.state
        return answers.answers(champion, items, state.settings, state.now(), state.consents)

    def _alone(self, champion: Champion, item: Item | Problem) -> dict[str, Any]:
        try:
            (found,) = self._answers(champion, [item])
        except (sqlite3.Error, OSError):
            raise
        except Exception:
            logger.exception("an item failed")
            (found,) = self._answers(champion, [Problem("internal", FAILED, record_id=item.record_id)])
        return found

    def _keep(self, job: str, chunk: dict[str, Any], found: list[dict[str, Any]]) -> None:
        """Keep a chunk's answers, unless somebody else was quicker or the job is cancelled.

        Nor are they kept where an item was erased meanwhile: the chunk is answered again.
        """
        counts = [sum(one["status"] == word for one in found) for word in answers.STATUSES]
        with self.jobs.database.use() as connection:
            connection.execute(
                "UPDATE chunks SET answers = ?,"
                " ok = ?, insufficient = ?, outside = ?, suppressed = ?, failed = ?"
                " WHERE job = ? AND number = ? AND answers IS NULL AND items = ?"
                " AND (SELECT status FROM jobs WHERE id = job) = 'running'",
                (pack(found), *counts, job, chunk["number"], chunk["items"]),
            )

    def _finish(self, job: str) -> None:
        with self.jobs.database.use() as connection:
            failed, suppressed, outside, total, model = connection.execute(
                "SELECT sum(failed), sum(c.suppressed), sum(coalesce(outside, 0)),"
                " sum(ok + coalesce(insufficient, 0) + coalesce(outside, 0) + c.suppressed + failed), model"
                " FROM chunks c JOIN jobs ON jobs.id = c.job WHERE c.job = ?",
                (job,),
            ).fetchone()
            silent = suppressed > 0 and suppressed + outside == total
            well = "succeeded_with_errors" if failed or silent else "succeeded"
            status, reason = "failed" if failed == total else well, ALL_SUPPRESSED if silent else None
            connection.execute(
                "UPDATE jobs SET status = ?, reason = ?, finished = ?, owner = NULL"
                " WHERE id = ? AND status = 'running'",
                (status, reason, self.clock(), job),
            )
        if silent:
            self.state.metrics.silent.labels(model).inc()
