"""What is measured when Prometheus asks: ages, waiting jobs, whether anything can be kept."""

import sqlite3
from dataclasses import replace

from serving.answering import clock
from serving.database import Database
from serving.ledger.job_store import DONE
from serving.state import State

BUSY_SECONDS = 0.25  # to wait for a locked store; the metrics are asked for within a second
PLANNED = ("queued", "running", "succeeded", "failed", "cancelled")
STATUSES = ("queued", "running", *DONE)


def text(state: State, database: Database) -> bytes:
    """Return all metrics in Prometheus' text format, with gauges of this moment.

    No locked store keeps them back.
    """
    database = replace(database, busy_seconds=BUSY_SECONDS)
    metrics, now = state.metrics, state.now()
    metrics.limit.set(state.settings.stale_days)
    metrics.list_refused.set(state.consents.refusal is not None)
    for many, word in ((False, "one"), (True, "many")):
        metrics.in_flight.labels(word).set(state.in_flight.total(many))
    for champion in state.champions.values():
        days = clock.age_days(champion, state.settings, now) if champion.snapshot is not None else None
        metrics.aged(champion.name, days, now)
    try:
        _store(state, database)
    except sqlite3.Error:
        metrics.writable.set(0)
    return metrics.text()


def _store(state: State, database: Database) -> None:
    with database.use() as connection:
        rows = connection.execute("SELECT status, count(*) FROM jobs GROUP BY status").fetchall()
        oldest = connection.execute(
            "SELECT min(created) FROM jobs WHERE status IN ('queued', 'running')"
        ).fetchone()[0]
        planned = dict(
            map(tuple, connection.execute("SELECT status, count(*) FROM audiences GROUP BY status"))
        )
    counts = dict(map(tuple, rows))
    for status in PLANNED:
        state.metrics.audiences.labels(status).set(planned.get(status, 0))
    for status in STATUSES:
        state.metrics.jobs.labels(status).set(counts.get(status, 0))
    waited = 0.0 if oldest is None else max(state.now().timestamp() - oldest, 0.0)
    state.metrics.waiting.set(waited)
    state.metrics.writable.set(_takes(database, state.now().timestamp()))


def _takes(database: Database, now: float) -> bool:
    """Whether a row can be kept, which takes a page of the disk."""
    try:
        with database.use() as connection:
            connection.execute("INSERT OR REPLACE INTO probe VALUES (1, ?)", (now,))
    except sqlite3.OperationalError:
        return False
    return True
