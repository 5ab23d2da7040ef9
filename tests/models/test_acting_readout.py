"""A readout covers the true effect as often as it says; the covariate saves what it explains."""

from dataclasses import replace

import numpy as np
import pytest

from models.acting.readout import Campaign, ReadoutError, added, by_group, read


def campaign(seed: int, members: int = 6000, share: float = 0.15) -> tuple[Campaign, float]:
    """Members in three strata of different rates and effects; also the answers that were truly added."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 3, members)
    score = np.clip(rng.beta(0.5, 0.9, members) * (0.7 + 0.15 * stratum), 0.01, 0.9)
    effect = 0.02 + 0.02 * stratum
    held = rng.random(members) < share * (1 + 0.5 * stratum)
    luck = rng.random(members)
    without, contacted = luck < score, luck < score + effect
    answered = np.where(held, without, contacted).astype(float)
    margin = answered * 40.0
    out = (~held & (rng.random(members) < 0.01)).astype(bool)
    cost = np.where(held, 0.0, 0.1)
    made = Campaign(held, ~held, answered, margin, score, effect, stratum, cost, out)
    return made, float(effect[~held].sum())


def test_the_interval_covers_the_true_effect_and_the_score_saves_variance():
    covered, left = 0, []
    for seed in range(1000):
        made, truth = campaign(seed)
        found, plain = (added(made.answered, made.held_out, made.stratum, x) for x in (made.score, None))
        covered += found.covers(truth)
        left.append((found.error / plain.error) ** 2)
    assert 930 <= covered <= 970
    assert np.mean(left) <= 0.8


def test_a_score_that_says_nothing_costs_nothing_and_moves_nothing():
    made, _ = campaign(1)
    plain = added(made.answered, made.held_out, made.stratum)
    blind = added(made.answered, made.held_out, made.stratum, np.zeros(len(made.score)))
    assert blind.value == pytest.approx(plain.value)
    assert blind.error == pytest.approx(plain.error, rel=0.01)
    shifted = added(made.answered, made.held_out, made.stratum, made.score * 7 + 3)
    own = added(made.answered, made.held_out, made.stratum, made.score)
    assert shifted.value == pytest.approx(own.value)


def test_money_opt_outs_and_what_was_predicted_are_told():
    made, _ = campaign(2)
    found = read(made, 14, 14)
    assert found.margin.value == pytest.approx(40 * found.answers.value)
    assert found.net.value == pytest.approx(found.margin.value - found.cost)
    assert found.opt_outs.value == pytest.approx(made.opted_out.sum())
    assert found.warnings == () or not found.as_predicted
    wrong = read(replace(made, predicted=made.predicted + 1), 14, 14)
    assert not wrong.as_predicted
    assert "predicted, which lies outside" in wrong.warnings[-1].said("en")


def test_a_holdout_that_was_not_respected_and_an_early_look_are_said():
    made, _ = campaign(3)
    contacted = made.contacted.copy()
    contacted[np.flatnonzero(made.held_out)[:7]] = True
    contacted[np.flatnonzero(~made.held_out)[:4]] = False
    found = read(replace(made, contacted=contacted), 3, 14, looks=2)
    assert (found.contacted_though_held_out, found.not_contacted) == (7, 4)
    told = " ".join(remark.said("en") for remark in found.warnings)
    for sentence in ("7 of", "not respected", "early look: 3 of 14", "look 2", "4 of"):
        assert sentence in told


def test_small_strata_are_read_together_and_an_arm_of_one_is_refused():
    made, _ = campaign(4, 400)
    many = np.arange(400) % 150
    assert np.isfinite(added(made.answered, made.held_out, many, made.score).error)
    none = replace(made, held_out=np.arange(400) < 1)
    with pytest.raises(ReadoutError, match="1 held out of 400"):
        read(none, 14, 14)
    with pytest.raises(ReadoutError, match="one value a member"):
        read(replace(made, cost=made.cost[:5]), 14, 14)
    parts = by_group(made, np.where(np.arange(400) < 399, 0, 1), ["all but one", "one"])
    assert parts["one"] is None
    assert parts["all but one"] is not None
