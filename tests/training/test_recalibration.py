"""The level follows a base rate that moved, and only what was known by then moves it."""

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from features.feature import DAY
from models.calibration import Calibration
from training.evaluation.recalibration import newest, rebased, rolling

MONTH = 30 * DAY


def rows(seed: int, shift: float, start: int, n: int = 20_000) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    margin = rng.normal(-2, 1, n)
    as_of = start + np.sort(rng.integers(0, 6 * MONTH, n))
    label = (rng.random(n) < expit(margin + shift)).astype(np.int8)
    return pl.DataFrame({"margin": margin, "label": label, "as_of": as_of, "window_end": as_of + 14 * DAY})


@pytest.mark.parametrize("seed", range(5))
def test_nothing_changes_while_the_level_is_right(seed):
    assert rebased(Calibration(), rows(seed, 0.0, 0)) == Calibration()


@pytest.mark.parametrize("shift", [-0.7, 0.7])
def test_a_moved_level_is_followed_and_the_slope_stays(shift):
    found = rebased(Calibration(), rows(0, shift, 0))
    assert found.slope == 1
    assert found.intercept == pytest.approx(shift, abs=0.25)


def test_newest_rows_hold_enough_of_the_rarer_class_and_no_moment_is_cut():
    frame = rows(1, 0.0, 0)
    found = newest(frame, 200)
    assert 200 <= min(found["label"].sum(), len(found) - found["label"].sum()) < 260
    assert found["window_end"].min() >= frame["window_end"].min()
    assert len(frame.filter(pl.col("window_end") >= found["window_end"].min())) == len(found)


def test_a_running_system_comes_near_the_new_level():
    before, test = rows(2, 0.0, 0), rows(3, -0.5, 6 * MONTH + 14 * DAY)
    frozen = Calibration().probability(test["margin"])
    followed = rolling(Calibration(), before, test)
    seen = test["label"].sum()
    assert frozen.sum() / seen > 1.3
    assert followed.sum() / seen < 1.2


def test_outcomes_that_are_not_known_yet_change_nothing():
    before, test = rows(4, 0.0, 0), rows(5, -0.5, 6 * MONTH + 14 * DAY)
    later = test.with_columns(
        label=pl.when(pl.col("as_of") > test["as_of"].min() + MONTH).then(1).otherwise("label").cast(pl.Int8)
    )
    first = (test["as_of"] < test["as_of"].min() + 20 * DAY).to_numpy()
    assert np.array_equal(
        rolling(Calibration(), before, test)[first], rolling(Calibration(), before, later)[first]
    )
