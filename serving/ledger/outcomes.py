"""What became of those who were scored: kept for monitoring and retraining."""

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from serving.contract.schema_outcomes import Outcome
from serving.database import Database


def keep(database: Database, client: str, outcomes: Sequence[Outcome], now: datetime) -> int:
    """Keep what is new; return how many. The same ``event_id`` of a client counts once."""
    rows = [
        (
            client,
            one.event_id,
            now.isoformat(timespec="seconds"),
            one.model,
            one.score_id,
            one.ref,
            one.kind,
            one.occurred_at.astimezone(UTC).isoformat(timespec="seconds"),
            one.value_cents,
        )
        for one in outcomes
    ]
    with database.use() as connection:
        before = connection.total_changes
        connection.executemany("INSERT OR IGNORE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return connection.total_changes - before


def read(database: Database) -> pl.DataFrame:
    """Return all outcomes, in the order of their arrival."""
    with database.use() as connection:
        rows = [dict(row) for row in connection.execute("SELECT * FROM outcomes ORDER BY received, event_id")]
        names = [column[1] for column in connection.execute("PRAGMA table_info(outcomes)")]
    schema = {name: pl.Int64 if name == "value_cents" else pl.String for name in names}
    return pl.DataFrame(rows, schema=schema)
