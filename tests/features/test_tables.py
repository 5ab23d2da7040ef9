"""The contract's derived columns."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from features import tables

START = datetime(2024, 1, 1, tzinfo=UTC)


def profiles(seed: int, rows: int = 60) -> pl.DataFrame:
    """Rows of a few members, half of them empty, some learned late; no two at the same moments."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 12, rows)
    frame = pl.DataFrame(
        {
            "member_id": rng.choice(["a", "b", "c"], rows),
            "occurred_at": [START + timedelta(days=int(day)) for day in at],
            "recorded_at": [START + timedelta(days=int(day)) for day in at + rng.integers(0, 5, rows)],
            "region": rng.choice(["north", "south", "east", "west"], rows),
        }
    )
    frame = frame.with_columns(pl.when(pl.Series(rng.random(rows) < 0.5)).then("region").alias("region"))
    return frame.unique(["member_id", "occurred_at", "recorded_at"], maintain_order=True)


@pytest.mark.parametrize("seed", range(5))
def test_an_empty_cell_is_the_latest_value_among_the_rows_known_before(seed: int) -> None:
    given = profiles(seed)
    rows = tables.complete("members", given).with_columns(given=given["region"]).to_dicts()
    for row in rows:
        before = [
            (other["event_time"], other["known_time"], other["given"])
            for other in rows
            if other["member_id"] == row["member_id"] and other["given"] is not None
            and (other["known_time"], other["event_time"]) < (row["known_time"], row["event_time"])
        ]  # fmt: skip
        filled = max(before)[2] if before else None
        assert row["region"] == (row["given"] if row["given"] is not None else filled)


@pytest.mark.parametrize("seed", range(5))
def test_profile_rows_learned_later_change_none_known_before(seed: int) -> None:
    given = profiles(seed)
    until = START + timedelta(days=6)
    known = given.filter(pl.max_horizontal("occurred_at", "recorded_at") < until)
    now = tables.complete("members", known)
    later = tables.complete("members", given).filter(pl.col("known_time") < int(until.timestamp()))
    assert now.equals(later)


def test_flat_sources_have_a_schema_but_are_no_table_of_events() -> None:
    assert "subjects" not in tables.TABLES
    assert list(tables.columns("subjects"))[2:] == ["subject_id", "label", "arm", "content", "value_cents"]


def test_who_does_not_use_spark_is_not_warned_of_it():
    refused = "error:PySpark does not yet fully support pandas:FutureWarning"
    code = [sys.executable, "-W", refused, "-c", "import features.tables"]
    done = subprocess.run(code, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
