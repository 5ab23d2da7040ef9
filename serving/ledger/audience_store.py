"""Audiences that were asked for, in the background: what was asked, how far it is, and the list in a file."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from features.replacing import replacing
from models.acting.documents import PlanFacts
from serving.answering.ids import ulid
from serving.contract.problems import Problem
from serving.database import Database
from serving.ledger.job_store import of_mark

FOLDER = "audiences"
SUBJECT = "subject"
TOLD = ("told", "reason")  # columns of JSON


@dataclass(frozen=True)
class Audiences:
    """The store of audiences; lists lie in files beside the database, for this user only."""

    database: Database

    def file(self, audience: str) -> Path:
        """Return where the list of an audience is; the id is one that ``create`` made."""
        return self.database.path.parent / FOLDER / f"{audience}.parquet"

    def create(
        self,
        client: str,
        mark: str,
        digest: str,
        name: str,
        asked: Mapping[str, Any],
        now: datetime,
        most: int,
    ) -> str:
        """Return the audience's id; the same ``mark`` with the same ``digest`` finds the one that is there.

        ``Problem`` with another body, or where the client has ``most`` audiences waiting.
        """
        with self.database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            there = of_mark(connection, "audiences", client, mark, digest, now)
            if there is not None:
                return there
            waiting = connection.execute(
                "SELECT count(*) FROM audiences WHERE client = ? AND status IN ('queued', 'running')",
                (client,),
            ).fetchone()[0]
            if waiting >= most:
                wait = {"Retry-After": "60"}
                raise Problem("rate_limited", f"At most {most} audiences of a client may wait.", headers=wait)
            audience = ulid(now)
            connection.execute(
                "INSERT INTO audiences (id, client, mark, digest, name, asked, created, status)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'queued')",
                (audience, client, mark, digest, name, json.dumps(asked), now.timestamp()),
            )
            return audience

    def status(self, client: str, audience: str) -> dict[str, Any]:
        """Return the row of an audience; ``Problem`` where the client has no such one."""
        with self.database.use() as connection:
            row = connection.execute(
                "SELECT * FROM audiences WHERE id = ? AND client = ?", (audience, client)
            ).fetchone()
        if row is None:
            raise Problem("unknown_audience", "There is no such audience, or it is too old.")
        return dict(row) | {name: None if row[name] is None else json.loads(row[name]) for name in TOLD}

    def cancel(self, client: str, audience: str, now: datetime) -> dict[str, Any]:
        """Stop an audience that has no list yet; one that has it, or failed, stays as it is."""
        self.status(client, audience)
        with self.database.use() as connection:
            connection.execute(
                "UPDATE audiences SET status = 'cancelled', finished = ? WHERE id = ?"
                " AND status IN ('queued', 'running')",
                (now.timestamp(), audience),
            )
        return self.status(client, audience)

    def made(self, audience: str) -> tuple[Path, PlanFacts] | None:
        """Return file and facts of an audience that has its list, whoever asked for it.

        None where there is none.
        """
        with self.database.use() as connection:
            row = connection.execute(
                "SELECT id, told FROM audiences WHERE id = ? AND status = 'succeeded'", (audience,)
            ).fetchone()
        return None if row is None else (self.file(row["id"]), json.loads(row["told"]))

    def claim(self, owner: str, now: float, stale: float) -> dict[str, Any] | None:
        """Return the oldest that nobody works on, now this worker's; None where there is none."""
        with self.database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(
                "SELECT id, name, asked FROM audiences WHERE status = 'queued'"
                " OR (status = 'running' AND abs(? - beat) > ?) ORDER BY created LIMIT 1",
                (now, stale),
            ).fetchone()
            if row is not None:
                connection.execute(
                    "UPDATE audiences SET owner = ?, beat = ?, status = 'running' WHERE id = ?",
                    (owner, now, row["id"]),
                )
        return None if row is None else dict(row) | {"asked": json.loads(row["asked"])}

    def beat(self, audience: str, owner: str, now: float) -> None:
        """Say that the worker lives."""
        with self.database.use() as connection:
            connection.execute(
                "UPDATE audiences SET beat = ? WHERE id = ? AND owner = ?", (now, audience, owner)
            )

    def keep(self, audience: str, owner: str, rows: pl.DataFrame, told: PlanFacts, now: float) -> None:
        """Keep the list and what is told of it, unless somebody else works on the audience by now or
        it was cancelled.

        Who was erased meanwhile is left out: the list is written, then the tombstones are looked at in the
        transaction that makes it readable.
        """
        file = self.file(audience)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.parent.chmod(0o700)
        with self.database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            ours = "id = ? AND owner = ? AND status = 'running'"
            if (
                connection.execute(f"SELECT 1 FROM audiences WHERE {ours}", (audience, owner)).fetchone()
                is None
            ):
                return
            erased = [
                row["ref"] for row in connection.execute("SELECT ref FROM erased WHERE kind = 'member'")
            ]
            _write(file, rows.filter(~pl.col(SUBJECT).is_in(erased)))
            connection.execute(
                "UPDATE audiences SET status = 'succeeded', finished = ?, told = ? WHERE id = ?",
                (now, json.dumps(told, ensure_ascii=False), audience),
            )

    def fail(self, audience: str, owner: str, reason: Mapping[str, str], now: float) -> None:
        """Say in each language why there is no list."""
        with self.database.use() as connection:
            connection.execute(
                "UPDATE audiences SET status = 'failed', finished = ?, reason = ?"
                " WHERE id = ? AND owner = ? AND status = 'running'",
                (now, json.dumps(reason, ensure_ascii=False), audience, owner),
            )

    def erase(self, members: Iterable[str]) -> int:
        """Take members out of every list; how many rows there were."""
        gone = list(members)
        with self.database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")  # no list is kept between look and write
            return sum(_without(self.file(row["id"]), gone) for row in connection.execute(
                "SELECT id FROM audiences"
            ).fetchall())  # fmt: skip

    def purge(self, before: datetime) -> None:
        """Forget audiences that were asked for before a moment, and files that belong to none."""
        with self.database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM audiences WHERE created < ?", (before.timestamp(),))
            there = {self.file(row["id"]) for row in connection.execute("SELECT id FROM audiences")}
            for path in (self.database.path.parent / FOLDER).glob("*"):
                if path not in there:
                    path.unlink(missing_ok=True)


def _write(file: Path, rows: pl.DataFrame) -> None:
    with replacing(file, contended=True, mode=0o600) as aside:
        rows.write_parquet(aside, compression="zstd")


def _without(file: Path, gone: list[str]) -> int:
    if not file.exists():
        return 0
    rows = pl.read_parquet(file)
    left = rows.filter(~pl.col(SUBJECT).is_in(gone))
    if len(left) < len(rows):
        _write(file, left)
    return len(rows) - len(left)
