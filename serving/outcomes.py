"""What became of those who were scored: kept for monitoring and retraining."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from serving.database import Database
from serving.schema_outcomes import Outcomes


def keep(database: Database, client: str, body: Outcomes, now: datetime) -> int:
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
        for one in body.outcomes
    ]
    with database.use() as connection:
        before = connection.total_changes
        connection.executemany("INSERT OR IGNORE INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return connection.total_changes - before


def export(database: Database, file: Path) -> int:
    """Write all outcomes to a Parquet file; return how many."""
    with database.use() as connection:
        rows = [dict(row) for row in connection.execute("SELECT * FROM outcomes ORDER BY received, event_id")]
        names = [column[1] for column in connection.execute("PRAGMA table_info(outcomes)")]
    schema = {name: pl.Int64 if name == "value_cents" else pl.String for name in names}
    pl.DataFrame(rows, schema=schema).write_parquet(file)
    return len(rows)
