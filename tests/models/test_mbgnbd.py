"""Buying and dropping out: parameters are found again, and probabilities are those of the process."""

import numpy as np
import polars as pl
import pytest

from models.baselines.mbgnbd import History, MbgNbd, churn, simulate

TRUE = MbgNbd(0.9, 30.0, 0.8, 3.0)


@pytest.mark.parametrize("seed", range(3))
def test_parameters_are_found_again(seed):
    found = MbgNbd.fit(simulate(TRUE, 8000, 600.0, np.random.default_rng(seed)))
    assert found.r == pytest.approx(TRUE.r, rel=0.2)
    assert found.alpha == pytest.approx(TRUE.alpha, rel=0.3)
    assert found.a / (found.a + found.b) == pytest.approx(TRUE.a / (TRUE.a + TRUE.b), rel=0.25)


def test_who_bought_once_long_ago_is_hardly_alive():
    once = History(np.zeros(2), np.zeros(2), np.array([10.0, 700.0]))
    recent, long_ago = TRUE.alive(once)
    assert recent > 0.6 > 0.3 > long_ago


def test_longer_windows_and_less_recent_members_are_silent_more_often():
    seen = History(np.array([3.0, 3.0]), np.array([390.0, 100.0]), np.array([400.0, 400.0]))
    near, far = TRUE.silence(seen, 60)
    assert near < far
    assert TRUE.silence(seen, 30)[0] > TRUE.silence(seen, 90)[0] > 1 - TRUE.alive(seen)[0]


def test_probabilities_of_a_population_are_right():
    rng = np.random.default_rng(2)
    rate, drop = rng.gamma(TRUE.r, 1 / TRUE.alpha, 40_000), rng.beta(TRUE.a, TRUE.b, 40_000)
    x, last, now, bought = (np.zeros(40_000) for _ in range(4))
    active = rng.random(40_000) >= drop
    while active.any():
        now = now + rng.exponential(1, 40_000) / rate
        active &= now < 460
        before = active & (now < 400)
        x[before] += 1
        last[before] = now[before]
        bought[active & (now >= 400)] = 1
        active &= rng.random(40_000) >= drop
    expected = TRUE.silence(History(x, last, np.full(40_000, 400.0)), 60)
    assert expected.mean() == pytest.approx(1 - bought.mean(), abs=0.01)
    for part in np.array_split(np.argsort(expected), 5):
        assert expected[part].mean() == pytest.approx(1 - bought[part].mean(), abs=0.03)


def test_members_without_an_order_are_refused():
    rows = pl.DataFrame({"orders": [0.0], "days_since_first_order": [None], "days_since_order": [None]})
    with pytest.raises(ValueError, match="at least one order"):
        History.of(rows.with_columns(pl.all().cast(pl.Float64)))


def test_each_members_newest_row_is_learnt_from():
    found = simulate(TRUE, 500, 300.0, np.random.default_rng(0))
    rows = pl.DataFrame(
        {
            "row_id": range(500), "member_id": [str(at) for at in range(500)], "as_of": [0] * 500,
            "orders": found.x + 1, "days_since_first_order": found.age,
            "days_since_order": found.age - found.last,
        }
    )  # fmt: skip
    older = rows.with_columns(pl.col("as_of") - 1, pl.col("orders") * 9)
    assert np.array_equal(churn(rows, rows, 60), churn(pl.concat([older, rows]), rows, 60))
