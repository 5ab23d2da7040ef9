"""Bands hold their shares of the population that is scored, whatever its level."""

import numpy as np
import pytest

from models.scorer import Population

SHARES = (0.067, 0.133, 0.343, 0.457)


@pytest.mark.parametrize("level", [0.001, 0.02, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_bands_hold_their_shares_of_the_day(level, seed):
    p = np.random.default_rng(seed).beta(2, 2 / level, 3_000)
    found = Population.of(p, "2026-07-01T00:00:00Z", SHARES)
    band = (p[:, None] < np.array(found.lows)).sum(axis=1)
    held = np.bincount(band, minlength=4) / len(p)
    assert np.abs(np.cumsum(held) - np.cumsum(SHARES)).max() < 0.001
    assert found.expected == pytest.approx([p[band == at].mean() for at in range(4)])
    assert Population.from_json(found.to_json()) == found


def test_those_who_are_alike_stay_together():
    p = np.array([0.9] * 10 + [0.5] * 30 + [0.1] * 60)
    found = Population.of(p, "2026-07-01T00:00:00Z", (0.2, 0.3, 0.5))
    assert found.lows == (0.9, 0.5)  # 10 % come nearer to 20 % than 40 % do
    assert Population.of(p, "2026-07-01T00:00:00Z").lows == ()
