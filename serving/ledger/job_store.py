"""Jobs: a whole audience in the background, kept on disk so that a kill loses nothing.

A job's items lie in chunks. A chunk is either answered as a whole or not at all; whoever works on a
job takes the next unanswered chunk, so a job goes on where it was when its worker died.
"""

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serving.answering.ids import ulid
from serving.contract.problems import Problem
from serving.database import Database

CHUNK = 500
MARK_SECONDS = 24 * 3600  # how long an idempotency key is remembered
Mask = Callable[[str, list[Any], list[Any]], list[Any]]
DONE = ("succeeded", "succeeded_with_errors", "failed", "cancelled")


@dataclass(frozen=True)
class Jobs:
    """The store of jobs."""

    database: Database

    def create(
        self,
        client: str,
        mark: str,
        digest: str,
        model: str,
        items: Sequence[Any],
        now: datetime,
        most: int | None = None,
    ) -> tuple[str, bool]:
        """Return the job's id, and whether it is new.

        The same ``mark`` (the caller's idempotency key) with the same ``digest`` of the body finds
        the job that is there; with another body it is a ``Problem``, as it is where the client has
        more than ``most`` items waiting; a client with nothing waiting may always have one job.
        """
        with self.database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            there = of_mark(connection, "jobs", client, mark, digest, now)
            if there is not None:
                return there, False
            _room(connection, client, len(items), most)
            job = ulid(now)
            connection.execute(
                "INSERT INTO jobs (id, client, mark, digest, model, created, status, total)"
                " VALUES (?, ?, ?, ?, ?, ?, 'queued', ?)",
                (job, client, mark, digest, model, now.timestamp(), len(items)),
            )
            rows = ((job, number, pack(chunk)) for number, chunk in enumerate(batched_lists(items)))
            connection.executemany("INSERT INTO chunks (job, number, items) VALUES (?, ?, ?)", rows)
            return job, True

    def status(self, client: str, job: str) -> dict[str, Any]:
        """Return state and counts; ``Problem`` where the client has no such job."""
        with self.database.use() as connection:
            row = connection.execute(
                "SELECT * FROM jobs WHERE id = ? AND client = ?", (job, client)
            ).fetchone()
            if row is None:
                raise Problem("unknown_job", "There is no such job, or it is too old.")
            counts = connection.execute(
                "SELECT coalesce(sum(ok), 0) ok, coalesce(sum(insufficient), 0) insufficient_input,"
                " coalesce(sum(outside), 0) outside_population,"
                " coalesce(sum(suppressed), 0) suppressed, coalesce(sum(failed), 0) failed"
                " FROM chunks WHERE job = ?",
                (job,),
            ).fetchone()
        told = {key: row[key] for key in ("id", "model", "status", "total", "reason")}
        return told | dict(counts) | {"done": sum(dict(counts).values())}

    def results(
        self, client: str, job: str, cursor: int, limit: int, mask: Mask = lambda task, items, found: found
    ) -> tuple[list[Any], int | None]:
        """Return answers from position ``cursor`` on, in the order of the items, and where to go on.

        Answers that are not there yet end a page: the same cursor asks for them again. After the
        last one there is no further cursor, nor where a job has ended before it came so far. ``mask``
        sees task, items and answers before they are told.
        """
        status = self.status(client, job)
        found: list[Any] = []
        with self.database.use() as connection:
            rows = connection.execute(
                "SELECT number, items, answers FROM chunks"
                " WHERE job = ? AND number BETWEEN ? AND ? ORDER BY number",
                (job, cursor // CHUNK, (cursor + limit) // CHUNK),
            )
            for row in rows:
                if row["answers"] is None:
                    break
                start = max(cursor - row["number"] * CHUNK, 0)
                part = slice(start, start + limit - len(found))
                items, answers = unpack(row["items"])[part], unpack(row["answers"])[part]
                found += mask(status["model"], items, answers)
        after = cursor + len(found)
        more = len(found) == limit if status["status"] in DONE else True
        return found, after if after < status["total"] and more else None

    def cancel(self, client: str, job: str, now: datetime) -> dict[str, Any]:
        """Stop a job that is not done; what is answered stays."""
        self.status(client, job)
        with self.database.use() as connection:
            connection.execute(
                "UPDATE jobs SET status = 'cancelled', finished = ? WHERE id = ?"
                " AND status IN ('queued', 'running')",
                (now.timestamp(), job),
            )
        return self.status(client, job)

    def purge(self, before: datetime) -> None:
        """Forget jobs that were made before a moment."""
        with self.database.use() as connection:
            connection.execute("DELETE FROM jobs WHERE created < ?", (before.timestamp(),))


def of_mark(
    connection: sqlite3.Connection, table: str, client: str, mark: str, digest: str, now: datetime
) -> str | None:
    """Return the id that a client's idempotency key stands for, None where it is new.

    ``Problem`` where it was used with another body.
    """
    there = connection.execute(
        f"SELECT id, digest FROM {table} WHERE client = ? AND mark = ? AND created > ?",
        (client, mark, now.timestamp() - MARK_SECONDS),
    ).fetchone()
    if there is not None and there["digest"] != digest:
        raise Problem("idempotency_conflict", "This Idempotency-Key was used with another body.")
    return None if there is None else str(there["id"])


def _room(connection: sqlite3.Connection, client: str, more: int, most: int | None) -> None:
    """``Problem`` where the client has too much waiting already."""
    waiting = connection.execute(
        "SELECT coalesce(sum(total), 0) FROM jobs WHERE client = ? AND status IN ('queued', 'running')",
        (client,),
    ).fetchone()[0]
    if most is not None and waiting and waiting + more > most:
        wait = {"Retry-After": "60"}
        raise Problem("rate_limited", f"At most {most} items of a client may wait in jobs.", headers=wait)


def batched_lists(items: Iterable[Any]) -> Iterable[list[Any]]:
    """Return ``items`` in chunks."""
    iterator = iter(items)
    while chunk := [item for _, item in zip(range(CHUNK), iterator, strict=False)]:
        yield chunk


def pack(content: Any) -> bytes:
    """Return JSON, compressed."""
    return zlib.compress(json.dumps(content, ensure_ascii=False, allow_nan=False).encode(), level=1)


def unpack(packed: bytes) -> Any:
    """Return what ``pack`` made."""
    return json.loads(zlib.decompress(packed))
