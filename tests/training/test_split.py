"""Splits in time: no label is known later than the first moment that is asked about."""

import numpy as np
import polars as pl
import pytest

from features.feature import DAY
from features.timestamps import seconds
from models.population import Spine
from models.populations.members import CutoffSpine
from training.data.split import split_in_time


def asked(seed: int, days: int = 400, window: int = 30, rows: int = 2000) -> pl.DataFrame:
    as_of = 1_700_000_000 + np.random.default_rng(seed).integers(0, days, rows) * DAY
    return pl.DataFrame({"as_of": as_of, "window_end": as_of + window * DAY})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("window", [1, 14, 60])
def test_every_label_is_known_before_the_first_later_question(seed, window):
    rows = asked(seed, window=window)
    split = split_in_time(rows, Spine(days=window))
    found = split.assign(rows)
    test = found.filter(pl.col("split") == "test")
    learnt = found.filter(pl.col("split").is_in(["train", "valid"]))
    assert len(test) > 0
    assert learnt["window_end"].max() <= test["as_of"].min()
    for block in range(len(split.blocks)):
        past, later = found.filter(split.training(block)), found.filter(pl.col("fold") == block)
        assert len(past) > 0
        assert len(later) > 0
        assert past["window_end"].max() <= later["as_of"].min()


def test_every_row_has_one_part_and_only_gap_rows_are_lost():
    rows = asked(0)
    found = split_in_time(rows, Spine(days=30)).assign(rows)
    assert set(found["split"]) == {"train", "valid", "gap", "test"}
    assert len(found) == len(rows)
    gap = found.filter(pl.col("split") == "gap")
    start = found.filter(pl.col("split") == "test")["as_of"].min()
    assert (gap["window_end"] > start).all()
    assert (gap["as_of"] < start).all()


def test_a_given_test_start_is_kept():
    rows = asked(1)
    day = pl.from_epoch(pl.Series([1_700_000_000 + 300 * DAY])).dt.date()[0]
    split = split_in_time(rows, CutoffSpine(days=30, test_start=day))
    assert seconds(day) <= split.test_start < seconds(day) + 2 * DAY


def test_too_short_a_period_is_refused_with_what_is_missing():
    with pytest.raises(
        ValueError, match=r"too few for a test after a gap of 60 days, needed are about \d+: \d+ days more"
    ):
        split_in_time(asked(0, days=20, window=60), Spine(days=60))
