"""Cells: what reads, what is empty, and what is a fault."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from training.sources.mapping.cell_spec import Cell
from training.sources.reading.cell_types import TIME, moment, typed


def read(
    values: list[Any], wanted: pl.DataType, time_zone: str = "UTC", **cell: Any
) -> tuple[list[Any], list[Any]]:
    """Values, and which of them are faults."""
    frame = pl.DataFrame({"v": values}, strict=False)
    made = typed(Cell(column="v", **cell), pl.col("v"), frame.schema["v"], wanted, time_zone)
    out = frame.select(value=made.value, fault=made.fault)
    assert out.schema["value"] == wanted
    return out["value"].to_list(), out["fault"].fill_null(False).to_list()


@pytest.mark.parametrize(
    ("values", "wanted", "expected"),
    [
        (["007", " a ", "", None], pl.String(), ["007", "a", None, None]),
        ([17850.0, 1.5, None], pl.String(), ["17850", "1.5", None]),
        ([True, None], pl.String(), ["true", None]),
        ([["a", "b"], []], pl.String(), ["a,b", None]),
        (["3", "3.0", "-2", ""], pl.Int64(), [3, 3, -2, None]),
        (["9007199254740993"], pl.Int64(), [9007199254740993]),
        ([3.0, None], pl.Int64(), [3, None]),
        (["2.5", "1e3"], pl.Float64(), [2.5, 1000.0]),
        (["Yes", "n", "1", "false", None], pl.Boolean(), [True, False, True, False, None]),
        ([1, 0], pl.Boolean(), [True, False]),
    ],
)
def test_values_that_read(values: list[Any], wanted: pl.DataType, expected: list[Any]) -> None:
    assert read(values, wanted) == (expected, [False] * len(values))


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["many"], pl.Int64()),
        (["2.5"], pl.Int64()),
        ([2.5], pl.Int64()),
        ([float("inf")], pl.Int64()),
        (["maybe"], pl.Boolean()),
        (["31 June"], TIME),
        (["2024-02-30"], TIME),
    ],
)
def test_what_does_not_read_is_a_fault_and_not_a_guess(values: list[Any], wanted: pl.DataType) -> None:
    assert read(values, wanted) == ([None], [True])


def test_money_is_exact_cents() -> None:
    values, _ = read([f"{cents / 100:.2f}" for cents in range(0, 10_000, 7)], pl.Int64(), times=100)
    assert values == list(range(0, 10_000, 7))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-01", datetime(2024, 6, 30, 22, tzinfo=UTC)),
        ("2024-07-01 12:30", datetime(2024, 7, 1, 10, 30, tzinfo=UTC)),
        ("2024-07-01T12:30:15.250", datetime(2024, 7, 1, 10, 30, 15, 250_000, tzinfo=UTC)),
        ("2024-07-01T12:30:15Z", datetime(2024, 7, 1, 12, 30, 15, tzinfo=UTC)),
        ("2024-07-01 12:30:15+08:00", datetime(2024, 7, 1, 4, 30, 15, tzinfo=UTC)),
        ("2024-03-31 02:30", datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),  # skipped by the clock
        ("2024-10-27 02:30", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # there twice
    ],
)
def test_times_are_utc(text: str, expected: datetime) -> None:
    assert read([text], TIME, "Europe/Berlin") == ([expected], [False])


def test_dates_and_naive_times_are_local() -> None:
    assert read([date(2024, 7, 1)], TIME, "Asia/Shanghai")[0] == [datetime(2024, 6, 30, 16, tzinfo=UTC)]
    assert read([datetime(2024, 7, 1)], TIME, "Asia/Shanghai")[0] == [datetime(2024, 6, 30, 16, tzinfo=UTC)]


def test_a_cell_has_its_own_time_zone_and_format() -> None:
    assert read(["5/7/24"], TIME, format="%d/%m/%y", time_zone="Asia/Shanghai")[0] == [
        datetime(2024, 7, 4, 16, tzinfo=UTC)
    ]
    assert read([20240705], TIME, format="%Y%m%d")[0] == [datetime(2024, 7, 5, tzinfo=UTC)]


def test_offsets_count_from_a_start() -> None:
    assert read([0, 36], TIME, since="2024-01-01", unit="hours")[0] == [
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 2, 12, tzinfo=UTC),
    ]


def test_a_bare_number_is_no_time() -> None:
    with pytest.raises(ValueError, match="say `format:`"):
        read([1_700_000_000], TIME)


def test_maps_translate_empty_and_take_the_rest() -> None:
    assert read(["a", "b", "c", None], pl.String(), map={"a": "x", "b": None}) == (
        ["x", None, "c", None],
        [False] * 4,
    )
    assert read(["a", "b", None], pl.String(), map={"a": "x"}, other="y")[0] == ["x", "y", None]
    assert read([118, 40], pl.Int64(), map={118: None})[0] == [None, 40]
    assert read([True, False], pl.String(), map={True: "granted", False: "withdrawn"})[0] == [
        "granted",
        "withdrawn",
    ]


def test_moment_reads_iso_with_and_without_a_zone() -> None:
    assert moment("2024-07-01", "Europe/Berlin") == datetime(2024, 6, 30, 22, tzinfo=UTC)
    assert moment("2024-07-01T00:00Z", "Europe/Berlin") == datetime(2024, 7, 1, tzinfo=UTC)
