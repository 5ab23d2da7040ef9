"""Enough data, or how much more, by task and by segment."""

import polars as pl
import pytest

from features.feature import DAY
from training.data.sufficiency import MOST, OUTCOMES, added, assess_segments, assessed, counted


def rows(
    positives: int, negatives: int, days: int = 100, window: int = 10, **columns: object
) -> pl.DataFrame:
    """Training rows spread evenly over ``days`` days, and one positive row of the test."""
    count = positives + negatives
    as_of = [round(n * days / max(count - 1, 1)) * DAY for n in range(count)] + [(days + 50) * DAY]
    labels = [1] * positives + [0] * negatives + [1]
    frame = pl.DataFrame({"as_of": as_of, "label": labels, "split": ["train"] * count + ["test"]})
    return frame.with_columns(window_end=pl.col("as_of") + window * DAY, **columns)


def test_enough_of_both_kinds_is_enough() -> None:
    (found,) = assess_segments(rows(OUTCOMES, OUTCOMES))
    assert not found["lacks"]
    assert (found["positives"], found["negatives"], found["test_positives"]) == (OUTCOMES, OUTCOMES, 1)
    assert (found["history_days"], found["windows"]) == (160, 11)


@pytest.mark.parametrize(("positives", "more", "days"), [(99, 1, 1), (50, 50, 100), (10, 90, 900)])
def test_what_is_short_is_counted_in_outcomes_and_in_days(positives: int, more: int, days: int) -> None:
    (found,) = assess_segments(rows(positives, 500))
    assert found["short"] == [
        f"{positives} positive outcomes before the test, needed are 100: {more} more, "
        f"about {days} days more at this pace",
    ]


def test_no_outcome_at_all_never_suffices() -> None:
    (found,) = assess_segments(rows(0, 500))
    assert "at this pace never" in found["short"][0]


def test_a_history_of_one_window_is_too_short() -> None:
    (found,) = assess_segments(rows(500, 500, days=15, window=30))
    assert found["short"] == ["1 closed windows of 30 days before the test, needed are 2: 15 days more"]


def test_segments_are_judged_each_and_empty_ones_not() -> None:
    segment = (
        pl.when(pl.col("as_of") < 30 * DAY)
        .then(pl.lit("north"))
        .when(pl.col("label") == 0)
        .then(pl.lit("south"))
    )
    found = assess_segments(rows(200, 400, region=segment), ("region",))
    assert [one["segment"] for one in found] == [None, "north", "south"]
    assert [not one["lacks"] for one in found] == [True, False, False]
    assert found[0]["positives"] >= found[1]["positives"] + found[2]["positives"]


def test_a_segment_that_is_no_column_is_left_out() -> None:
    assert len(assess_segments(rows(200, 200), ("region",))) == 1


def test_only_the_most_frequent_segments_of_known_columns_are_judged() -> None:
    place = pl.int_range(pl.len()) % 40
    name = pl.when(place < 20).then(pl.lit("big")).otherwise(pl.format("s{}", place))
    found = assess_segments(rows(400, 400, region=name), ("region", "source"))
    assert [one["column"] for one in found] == [None] + ["region"] * MOST
    assert found[1]["segment"] == "big"
    assert not found[1]["lacks"]
    assert {lack["kind"] for lack in found[2]["lacks"]} >= {"positive"}
    assert found[2]["lacks"][0]["need"] == OUTCOMES


def test_what_parts_count_adds_up_to_what_all_rows_tell() -> None:
    every = rows(40, 70, region=pl.format("r{}", pl.int_range(pl.len()) % 15))
    every = every.with_columns(pl.col("window_end") + pl.int_range(pl.len()) % 7 * DAY)
    parts = [counted(every[at::3]) for at in range(3)]
    assert assessed(added(added(parts[0], parts[1]), parts[2])) == assess_segments(every)
    before = every.filter(pl.col("split") != "test")
    length = (before["window_end"] - before["as_of"]).median()
    assert (
        assess_segments(every)[0]["windows"] == (before["window_end"].max() - before["as_of"].min()) // length
    )
