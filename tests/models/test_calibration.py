"""Probabilities that can be used as probabilities, also where the margin tells nothing."""

import numpy as np
import pytest
from scipy.special import expit

from models.learners.calibration import FLAT, fit_calibration, fit_offset


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rate", [-6.0, -2.7, 0.0, 5.0])
def test_a_margin_that_points_the_wrong_way_gives_nearly_the_same_probability_at_the_right_level(seed, rate):
    rng = np.random.default_rng(seed)
    margin = rng.normal(rate, 1, 20_000)
    label = rng.random(20_000) < expit(rate - (margin - rate))
    found = fit_calibration(margin, label)
    p = found.probability(margin)
    assert found.slope == FLAT
    assert p.mean() == pytest.approx(label.mean(), rel=1e-6)
    assert p.std() <= FLAT * p.mean()
    assert (np.argsort(p) == np.argsort(margin)).all()


@pytest.mark.parametrize("far", [-20.0, -8.0, 0.3, 8.0, 20.0])
def test_the_level_is_found_however_far_off_it_is(far):
    rng = np.random.default_rng(0)
    margin = rng.normal(size=5_000)
    label = rng.random(5_000) < expit(margin - 2)
    found = fit_offset(margin + far, label)
    assert found.probability(margin + far).mean() == pytest.approx(label.mean(), rel=1e-6)


@pytest.mark.parametrize("every", [0, 1])
def test_where_all_outcomes_are_the_same_the_probabilities_are_finite(every):
    found = fit_offset(np.zeros(50), np.full(50, every))
    assert found.probability(0.0) == pytest.approx(every, abs=1e-9)
    assert np.isfinite(found.intercept)
