"""The level follows a base rate that moved, and only what was known by then moves it."""

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from features.feature import DAY
from models.learners.calibration import Calibration
from training.evaluation.recalibration import calibrated, newest, rebased, rolling

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
    test = rows(3, -0.5, 6 * MONTH + 14 * DAY)
    frozen = Calibration().probability(test["margin"])
    followed = rolling(Calibration(), test)
    seen = test["label"].sum()
    assert frozen.sum() / seen > 1.3
    assert followed.sum() / seen < 1.2


def test_outcomes_that_are_not_known_yet_change_nothing():
    test = rows(5, -0.5, 6 * MONTH + 14 * DAY)
    later = test.with_columns(
        label=pl.when(pl.col("as_of") > test["as_of"].min() + MONTH).then(1).otherwise("label").cast(pl.Int8)
    )
    first = (test["as_of"] < test["as_of"].min() + 20 * DAY).to_numpy()
    assert np.array_equal(rolling(Calibration(), test)[first], rolling(Calibration(), later)[first])


def blocks(shifts: tuple[float, ...], slope: float = 1.0) -> pl.DataFrame:
    """Predictions for later blocks, each off by its own shift, overconfident by the slope."""
    parts = []
    for at, shift in enumerate(shifts):
        part = rows(10 + at, 0.0, at * 6 * MONTH)
        odds = slope * (part["margin"].to_numpy() + 2) - 2 + shift
        label = (np.random.default_rng(at).random(len(part)) < expit(odds)).astype(np.int8)
        parts.append(part.with_columns(label=pl.Series(label), fold=pl.lit(at)))
    return pl.concat(parts)


def test_blocks_that_were_off_either_way_leave_the_level_alone():
    """The model that is calibrated has learnt what they had not: their errors are not its own."""
    known = blocks((0.5, -0.4, 0.3))
    found = calibrated(known)
    expected = found.probability(known["margin"]).mean()
    assert expected == pytest.approx(expit(known["margin"].to_numpy()).mean(), rel=0.03)


@pytest.mark.parametrize("shifts", [(0.5, 0.4, 0.6), (0.0, 0.0, -0.7, -0.7, -0.7)])
def test_errors_that_last_from_block_to_block_move_it(shifts):
    known = blocks(shifts)
    last = known.filter(pl.col("fold") == len(shifts) - 1)
    expected = calibrated(known).probability(last["margin"]).mean()
    assert expected == pytest.approx(last["label"].mean(), rel=0.05)


def test_the_slope_is_learnt_whatever_the_levels_are():
    assert calibrated(blocks((0.8, -0.8, 0.0), slope=0.6)).slope == pytest.approx(0.6, abs=0.05)
