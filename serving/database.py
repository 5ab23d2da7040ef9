"""What the service keeps beside models: jobs, outcomes and the audit, in one SQLite file."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PRIVATE = 0o600  # what the service keeps is for its own user only
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, client TEXT NOT NULL, mark TEXT NOT NULL, digest TEXT NOT NULL, model TEXT NOT NULL,
  created REAL NOT NULL, finished REAL, status TEXT NOT NULL, total INTEGER NOT NULL,
  owner TEXT, beat REAL NOT NULL DEFAULT 0, reason TEXT, turn INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS jobs_by_mark ON jobs (client, mark);
CREATE TABLE IF NOT EXISTS chunks (
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, number INTEGER NOT NULL, items BLOB NOT NULL,
  answers BLOB, ok INTEGER, suppressed INTEGER, failed INTEGER, insufficient INTEGER,
  outside INTEGER,
  PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audiences (
  id TEXT PRIMARY KEY, client TEXT NOT NULL, mark TEXT NOT NULL, digest TEXT NOT NULL, name TEXT NOT NULL,
  asked TEXT NOT NULL, created REAL NOT NULL, finished REAL, status TEXT NOT NULL,
  owner TEXT, beat REAL NOT NULL DEFAULT 0, reason TEXT, told TEXT
);
CREATE INDEX IF NOT EXISTS audiences_by_mark ON audiences (client, mark);
CREATE TABLE IF NOT EXISTS outcomes (
  client TEXT NOT NULL, event_id TEXT NOT NULL, received TEXT NOT NULL, model TEXT, score_id TEXT, ref TEXT,
  kind TEXT NOT NULL, occurred TEXT NOT NULL, value_cents INTEGER, PRIMARY KEY (client, event_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit (
  at TEXT NOT NULL, client TEXT NOT NULL, request_id TEXT NOT NULL, what TEXT NOT NULL,
  model TEXT, subject TEXT
);
CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS consents (
  client TEXT NOT NULL, event_id TEXT NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL,
  profiling TEXT, marketing TEXT, occurred REAL NOT NULL, received REAL NOT NULL,
  PRIMARY KEY (client, event_id)
);
CREATE TABLE IF NOT EXISTS erased (
  kind TEXT NOT NULL, ref TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (kind, ref)
);
"""

ADDED = (  # columns that an older file does not have
    ("chunks", "insufficient", "INTEGER"),
    ("chunks", "outside", "INTEGER"),
    ("jobs", "turn", "INTEGER NOT NULL DEFAULT 0"),
)


@dataclass(frozen=True)
class Database:
    """The file; every use has a connection of its own, so that threads and workers may share it."""

    path: Path
    busy_seconds: float = field(default=5.0)
    schema: str = SCHEMA

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """Open a connection in one transaction: all of it is kept, or nothing.

        ``sqlite3.OperationalError`` where the file cannot be written: a full disk, no rights.
        """
        connection = sqlite3.connect(self.path, timeout=self.busy_seconds)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            with connection:
                yield connection
        finally:
            connection.close()

    def prepare(self) -> None:
        """Make file and tables where they are not there yet."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, PRIVATE))
        for beside in ("", "-wal", "-shm"):  # SQLite gives these the rights of the file
            place = self.path.with_name(self.path.name + beside)
            if place.exists():
                place.chmod(PRIVATE)
        with self.use() as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # readers do not wait for a writer
            connection.executescript(self.schema)
            for table, column, kind in ADDED:
                there = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
                if there and column not in there:
                    connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
