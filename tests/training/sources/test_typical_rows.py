"""Typical rows of an own table stand for many and tell of nobody; what has one row a subject is no event."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from own_worlds import described

from features import tables
from features.own_tables import LASTS, OwnTable
from training.sources.typical_rows import TypicalRows

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def told(folder: Any, name: str, each: int, **changed: Any) -> OwnTable:
    """The table after 40 members had ``each`` rows on days of their own; one row alone is a gift."""
    (table,) = (one for one in described(folder) if one.name == name)
    table = table.model_copy(update=changed)
    n = 40 * each
    when = pl.Series([BEGIN.timestamp() + 86_400 * at for at in range(n)]).cast(pl.Int64) * 1_000_000
    when = when.cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"member_id": [f"m{at % 40}" for at in range(n)], "occurred_at": when})
    frame = frame.with_columns(
        ends_at=pl.col("occurred_at") + pl.duration(days=30),
        **{column.stored: pl.lit(None, column.dtype) for column in table.columns},
    )
    if name == "points":
        reason = pl.Series(["gift", *(["earned", "spent"] * n)][:n])
        points = pl.Series([7.0, *([1.0, -3.0] * n)][:n])
        frame = frame.with_columns(x_reason=reason, x_points=points, x_store=pl.lit("s1"))
    seen = TypicalRows(table)
    seen.add(tables.complete(table.stored, frame))
    return seen.described(table.model_copy(update={"columns": table.columns}))


def test_a_typical_row_says_values_and_no_id(tmp_path: Any) -> None:
    found = told(tmp_path, "points", 3)
    assert found.acts is True
    assert [(one["reason"], one["points"]) for one in found.examples] == [("earned", 1.0), ("spent", -3.0)]
    assert not {"store", "member_id"} & set(found.examples[0])


def test_a_row_that_says_nothing_but_its_time_is_typical(tmp_path: Any) -> None:
    assert told(tmp_path, "points", 3, columns=()).examples == ({},)


def test_a_contract_says_how_long_it_lasts(tmp_path: Any) -> None:
    assert told(tmp_path, "contracts", 3).examples == ({LASTS: 30 * 86_400},)


@pytest.mark.parametrize(("each", "changed"), [(1, {}), (3, {"acts": False}), (3, {"key": "everybody"})])
def test_what_could_not_be_otherwise_has_no_typical_rows(
    tmp_path: Any, each: int, changed: dict[str, Any]
) -> None:
    found = told(tmp_path, "points", each, **changed)
    assert not found.acts
    assert found.examples == ()


def test_one_row_a_subject_acts_where_the_mapping_says_so(tmp_path: Any) -> None:
    assert len(told(tmp_path, "points", 1, acts=True).examples) == 2
