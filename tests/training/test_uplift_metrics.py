"""Laws of Qini and uplift at k on worlds whose effects are known."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluation.uplift_metrics import SHARES, RandomisedOutcomes, at_random, judge, quintile_effects

SEEDS = range(12)


def world(seed: int, rows: int = 4000) -> tuple[RandomisedOutcomes, np.ndarray]:
    """Half of the rows contacted at random; the effect of a contact, between 0 and 30 points, by row."""
    rng = np.random.default_rng(seed)
    effect, treated = rng.uniform(0, 0.3, rows), rng.random(rows) < 0.5
    label = (rng.random(rows) < 0.1 + effect * treated).astype(float)
    return RandomisedOutcomes(label, treated, np.arange(rows), np.full(rows, 0.5)), effect


def qini(arms: RandomisedOutcomes, score: np.ndarray) -> dict[str, float]:
    return judge(arms, {"uplift": score}, 100, 0)[0]["uplift"]["qini"]


def test_the_interval_of_a_random_order_covers_zero_about_as_often_as_it_says():
    covered = 0
    for seed in range(60):
        arms, _ = world(seed, 1500)
        found = qini(arms, np.random.default_rng(1000 + seed).random(1500))
        covered += found["low"] <= 0 <= found["high"]
    assert covered >= 51  # 95 % of 60 are 57; fewer than 51 happen once in 100 such tests


def test_no_blurred_order_beats_the_true_effects():
    gains = {blur: [] for blur in (0.0, 0.1, 0.3, 1.0)}
    for seed in SEEDS:
        arms, effect = world(seed)
        for blur, found in gains.items():
            noise = np.random.default_rng(seed).normal(0, blur, len(effect))
            found.append(qini(arms, effect + noise)["value"])
    means = [float(np.mean(found)) for found in gains.values()]
    assert means == sorted(means, reverse=True)
    assert means[0] > 3 * max(means[-1], 1)


def test_an_order_turned_round_loses_what_the_order_gains():
    for seed in SEEDS:
        arms, effect = world(seed)
        assert qini(arms, -effect)["value"] == pytest.approx(-qini(arms, effect)["value"], abs=15)


def test_the_effect_of_contacting_everybody_is_the_same_in_every_order():
    arms, effect = world(3)
    orders, _ = judge(arms, {"uplift": effect, "propensity": -effect}, 50, 0)
    whole = arms.label[arms.treated].mean() - arms.label[~arms.treated].mean()
    for found in orders.values():
        assert found["overall"]["value"] == pytest.approx(whole)
        assert found["curve"]["gain"][-1] == pytest.approx(10_000 * whole)
        assert len(found["curve"]["gain"]) == len(SHARES)


def test_a_difference_is_paired_and_of_an_order_with_itself_zero():
    arms, effect = world(4)
    _, same = judge(arms, {"uplift": effect, "propensity": effect.copy()}, 50, 0)
    assert all(found == {"value": 0, "low": 0, "high": 0} for found in same.values())
    noise = np.random.default_rng(4).random(len(effect))
    orders, apart = judge(arms, {"uplift": effect, "propensity": noise}, 50, 0)
    gap = orders["uplift"]["uplift_30"]["value"] - orders["propensity"]["uplift_30"]["value"]
    assert apart["uplift_30"]["value"] == pytest.approx(gap)


def test_random_orders_gain_nothing_on_average():
    arms, _ = world(5)
    found = at_random(arms, 200, 0)
    assert found["qini"]["low"] < 0 < found["qini"]["high"]
    assert abs(found["qini"]["value"]) < (found["qini"]["high"] - found["qini"]["low"]) / 8


def test_rows_of_one_subject_widen_the_interval():
    arms, effect = world(6, 2000)
    many = RandomisedOutcomes(
        *(np.tile(part, 8) for part in (arms.label, arms.treated, arms.subject, arms.share))
    )
    alone = replace(many, subject=np.arange(len(many.label)))
    wide, narrow = qini(many, np.tile(effect, 8)), qini(alone, np.tile(effect, 8))
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])


def test_fifths_hold_every_row_once_and_fall_with_the_effect():
    arms, effect = world(7, 20_000)
    rows = quintile_effects(arms, effect, 50, 0)
    assert sum(row["n"] for row in rows) == 20_000
    assert sum(row["positives"] for row in rows) == arms.label.sum()
    assert rows[0]["effect"]["low"] > rows[-1]["effect"]["high"]
    assert rows[0]["effect"]["value"] == pytest.approx(0.27, abs=0.06)


def test_campaigns_that_hold_out_different_shares_make_no_effect():
    """An eager audience half held out, a lazy one with a tenth held out: a contact does nothing."""
    rng, rows = np.random.default_rng(9), 40_000
    eager = rng.random(rows) < 0.5
    share = np.where(eager, 0.5, 0.9)
    treated = rng.random(rows) < share
    label = (rng.random(rows) < np.where(eager, 0.4, 0.1)).astype(float)
    score = rng.random(rows)
    found, _ = judge(RandomisedOutcomes(label, treated, np.arange(rows), share), {"uplift": score}, 100, 0)
    blind, _ = judge(
        RandomisedOutcomes(label, treated, np.arange(rows), np.full(rows, 0.7)), {"uplift": score}, 100, 0
    )
    assert found["uplift"]["overall"]["low"] < 0 < found["uplift"]["overall"]["high"]
    assert blind["uplift"]["overall"]["high"] < -0.05
