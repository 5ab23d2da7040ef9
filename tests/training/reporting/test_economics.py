"""Profit and the effect of contacts."""

from datetime import date

import numpy as np
import pytest

from training.evaluation.uplift_metrics import SHARES as UPLIFT_SHARES
from training.evaluation.uplift_metrics import gains
from training.params import Economics
from training.reporting.sections.economics import SHARES, _plateau, caught, cut_off, profit

GIVEN = Economics(value=10, cost=1, capacity=1.0, date=date(2026, 7, 1))


def scored(seed: int, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from the probabilities that are the scores."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 6, rows)
    return (rng.random(rows) < p).astype(float), p


@pytest.mark.parametrize("seed", range(5))
def test_with_true_probabilities_it_pays_down_to_the_break_even(seed):
    label, p = scored(seed)
    share = cut_off(label, p, GIVEN)
    assert share == pytest.approx(np.mean(p >= GIVEN.cost / GIVEN.value), abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_the_cut_off_stays_within_the_capacity(seed):
    label, p = scored(seed)
    assert cut_off(label, p, GIVEN.model_copy(update={"capacity": 0.1})) == pytest.approx(0.1)
    assert cut_off(label, p, GIVEN.model_copy(update={"cost": 50.0})) == 0


@pytest.mark.parametrize("seed", range(3))
def test_profit_begins_at_nothing_and_ends_at_everybody(seed):
    label, p = scored(seed)
    curve = profit(caught(label, p), GIVEN)
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(10_000 * (10 * label.mean() - 1))
    assert curve.max() >= profit(SHARES * label.mean(), GIVEN).max()


def test_the_plateau_lies_around_the_best():
    values = [0.0] * 101
    values[30:41] = [96.0] * 5 + [100.0] + [97.0] * 5
    values[60] = 99.0  # near, but apart
    assert _plateau(values) == {"best": 0.35, "low": 0.3, "high": 0.4}
    assert _plateau([0.0, *[-1.0] * 100]) is None
    assert _plateau([10.0] * 101) == {"best": 0.0, "low": 0.0, "high": 1.0}


@pytest.mark.parametrize("seed", range(5))
def test_gains_find_the_effect_that_was_planted(seed):
    """The upper half is moved by 10 points, the lower by none: all is gained in the upper half."""
    rng, n = np.random.default_rng(seed), 40_000
    treated, upper = rng.random(n) < 0.7, np.arange(n) < n / 2
    label = (rng.random(n) < 0.1 + 0.1 * (treated & upper)).astype(float)
    found = gains(label, treated, np.ones(n))
    half = int(np.argmin(np.abs(UPLIFT_SHARES - 0.5)))
    assert found[half] == pytest.approx(10_000 * 0.5 * 0.1, rel=0.15)
    assert found[-1] == pytest.approx(found[half], rel=0.25)


@pytest.mark.parametrize("seed", range(3))
def test_no_effect_no_gain(seed):
    rng, n = np.random.default_rng(seed), 40_000
    found = gains((rng.random(n) < 0.1).astype(float), rng.random(n) < 0.5, np.ones(n))
    assert np.abs(found).max() < 100
