"""Rows of records, column by column."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from features import tables
from serving.champion.record_rows import RecordRows
from serving.contract.schema_record import row_model

START = datetime(2026, 1, 1, tzinfo=UTC)
OWN = {"x_income": False, "x_club": True}


@pytest.mark.parametrize("seed", range(4))
def test_empty_cells_of_members_are_filled_as_ingest_fills_them(seed):
    rng = np.random.default_rng(seed)
    parts = [members(rng, str(at), rows) for at, rows in enumerate((1, 3, 9, 0, 5))]
    model = row_model("members")
    records = [
        SimpleNamespace(members=[model.model_validate(row) for row in part.iter_rows(named=True)])
        for part in parts
    ]
    wanted = tables.complete("members", pl.concat(parts))
    rows = RecordRows.of("member_id", "members", records)
    assert rows.values("member_id") == wanted["member_id"].to_list()
    for name in ("region", "deceased", "joined_at"):
        assert rows.values(name) == wanted[name].to_list()
    for name, is_category in OWN.items():
        assert rows.own_values(name, is_category) == wanted[name].to_list()
    assert wanted["region"].null_count() < pl.concat(parts)["region"].null_count()


def members(rng, member, rows):
    """Rows of one member, in no order, often at the same time and known late."""

    def some(values, nothing=0.4):
        return [None if rng.random() < nothing else values[at] for at in rng.integers(0, len(values), rows)]

    at = [START + timedelta(hours=int(hours)) for hours in rng.integers(0, 4, rows)]
    late = some([timedelta(0), timedelta(hours=2), timedelta(milliseconds=1500)])
    return pl.DataFrame(
        {
            "member_id": [member] * rows,
            "occurred_at": at,
            "recorded_at": [None if one is None else when + one for when, one in zip(at, late, strict=True)],
            "region": some(["north", "south"]),
            "deceased": some([True, False]),
            "joined_at": some([START, START - timedelta(days=9)]),
            "x_income": some([1.5, 2.0, 3.0]),
            "x_club": some(["gold", "silver"]),
        },
        schema=SCHEMA,
    )


TIME = pl.Datetime("us", "UTC")
SCHEMA = {
    "member_id": pl.String, "occurred_at": TIME, "recorded_at": TIME, "region": pl.String,
    "deceased": pl.Boolean, "joined_at": TIME, "x_income": pl.Float64, "x_club": pl.String,
}  # fmt: skip
