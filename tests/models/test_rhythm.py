"""A fall in a member's rhythm, and how often an unchanged rhythm looks like one."""

import numpy as np
import polars as pl
import pytest

from models.rhythm import chance, has_fallen

SPAN = 365


@pytest.mark.parametrize(
    ("window", "fall", "odds"), [(60, 0.2, 1), (150, 0.2, 1), (150, 0.2, 20), (90, 0, 5)]
)
def test_the_chance_is_the_share_of_unchanged_rhythms_that_seem_to_fall(window, fall, odds):
    """Of members with rates as Jeffreys' prior has them, none of which changes."""
    rng = np.random.default_rng(0)
    usual = 400 * rng.random(200_000) ** 2  # days with a sign of life in a year
    before, after = rng.poisson(usual), rng.poisson(usual * window / SPAN)
    fallen = has_fallen(pl.col("before"), pl.lit(SPAN), pl.col("after"), window, fall, odds)
    found = pl.DataFrame({"before": before, "after": after}).select(fallen).to_series().to_numpy()
    told = chance(before, np.full(len(before), SPAN), window, fall, odds)
    for few, many in ((0, 3), (3, 12), (12, 60)):
        here = (few <= before) & (before < many)
        error = np.sqrt((told * (1 - told))[here].sum()) / here.sum()
        assert found[here].mean() == pytest.approx(told[here].mean(), abs=4 * error)


def test_a_rare_visitor_falls_by_chance_and_a_frequent_one_does_not():
    rare, often = chance(np.array([3, 80]), np.array([SPAN, SPAN]), 60, 0.2, 1)
    assert rare > 0.5
    assert often < 0.01


def test_odds_ask_for_more_than_chance_gives():
    before, span = np.arange(1, 60), np.full(59, SPAN)
    every = [chance(before, span, 150, 0.2, odds).mean() for odds in (1, 5, 20)]
    assert every[0] > every[1] > every[2]
    assert every[2] < 0.05
