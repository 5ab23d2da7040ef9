"""Profit and the effect of contacts."""

from datetime import date

import numpy as np
import pytest

from training.evaluation.contact_list import SHARES, ContactList
from training.evaluation.uplift_metrics import SHARES as UPLIFT_SHARES
from training.evaluation.uplift_metrics import RandomisedOutcomes, gains
from training.params import Economics
from training.reporting.sections.economics import _best, _plateau, _worth, cut_off, profit

GIVEN = Economics(value=10, cost=1, capacity=1.0, date=date(2026, 7, 1))


def scored(seed: int, rows: int = 20_000) -> ContactList:
    """Labels drawn from the probabilities that are the scores."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 6, rows)
    label = (rng.random(rows) < p).astype(float)
    return ContactList(label, {"model": p}, np.arange(rows), np.arange(rows) % 6)


def tried(seed: int, added: float, rows: int = 40_000) -> ContactList:
    """Half held out; who is eager comes anyway, and a contact adds ``added`` only to those ``moved``."""
    rng = np.random.default_rng(seed)
    eager, moved, treated = rng.random(rows), rng.random(rows) < 0.2, rng.random(rows) < 0.5
    label = (rng.random(rows) < 0.4 * eager + added * (moved & treated)).astype(float)
    scores = {"model": moved + 0.001 * eager, "eager": eager}
    arms = RandomisedOutcomes(label, treated, np.arange(rows), np.full(rows, 0.5))
    return ContactList(label, scores, np.arange(rows), np.arange(rows) % 6, arms)


@pytest.mark.parametrize("seed", range(5))
def test_with_true_probabilities_it_pays_down_to_the_break_even(seed):
    rows = scored(seed)
    share = cut_off(rows, GIVEN)
    assert share == pytest.approx(np.mean(rows.scores["model"] >= GIVEN.cost / GIVEN.value), abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_the_cut_off_stays_within_the_capacity(seed):
    rows = scored(seed)
    assert cut_off(rows, GIVEN.model_copy(update={"capacity": 0.1})) == pytest.approx(0.1)
    assert cut_off(rows, GIVEN.model_copy(update={"cost": 50.0})) == 0


@pytest.mark.parametrize("seed", range(3))
def test_profit_begins_at_nothing_and_ends_at_everybody(seed):
    rows = scored(seed)
    curve = profit(rows.events("model"), 10, 1)
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(10_000 * (10 * rows.label.mean() - 1))
    assert curve.max() >= profit(rows.at_random(), 10, 1).max()


@pytest.mark.parametrize("seed", range(3))
def test_what_comes_anyway_is_not_counted_where_some_were_held_out(seed):
    """Contacting everybody costs more than a contact adds, although a third answers."""
    rows = tried(seed, added=0.05)
    assert rows.events("model")[-1] == pytest.approx(0.05 * 0.2, abs=0.01)
    assert profit(rows.events("model"), 10, 1)[-1] < 0
    assert _worth(rows, GIVEN.model_copy(update={"success": 0.5})) == GIVEN.value  # success is in the events
    counted = ContactList(rows.label, rows.scores, rows.subject, rows.month)
    assert profit(counted.events("model"), 10, 1)[-1] > 0


@pytest.mark.parametrize("seed", range(3))
def test_whom_a_contact_moves_is_worth_more_than_who_comes_anyway(seed):
    rows = tried(seed, added=0.4)
    fifth = int(np.flatnonzero(np.isclose(SHARES, 0.2))[0])
    assert rows.events("model")[fifth] == pytest.approx(0.4 * 0.2, rel=0.15)
    assert rows.events("eager")[fifth] < 0.5 * rows.events("model")[fifth]


def test_equal_scores_stand_in_no_order_of_their_arms():
    rows = tried(1, added=0.0)
    first = np.argsort(~rows.arms.treated, kind="stable")  # as the stages have them: contacted first
    flat = ContactList(
        rows.label[first], {"model": np.zeros(len(first))}, rows.subject, rows.month, rows.arms.take(first)
    )
    assert np.abs(flat.events("model")[20:]).max() < 0.02


def test_the_yardstick_is_the_simple_method_that_brings_the_most():
    rows = scored(3)
    rng = np.random.default_rng(3)
    near = rows.scores["model"] + rng.normal(0, 0.05, len(rows.label))
    scores = {**rows.scores, "far": rng.random(len(rows.label)), "near": near}
    compared = ContactList(rows.label, scores, rows.subject, rows.month)
    assert _best(compared, GIVEN, 0.2) == "near"


def test_methods_that_rank_worse_than_chance_are_no_yardstick():
    rows = scored(3)
    model = rows.scores["model"]
    scores = {"model": model, "prevalence": np.zeros(len(model)), "worse": -model}
    compared = ContactList(rows.label, scores, rows.subject, rows.month)
    assert _best(compared, GIVEN, 0.2) == "prevalence"
    assert _best(compared, GIVEN, 0.0) == "worse"  # nobody is acted on: all bring the same


def test_no_order_brings_the_same_of_every_share_where_an_arm_was_held_out():
    rows = tried(1, added=0.2)
    scores = {**rows.scores, "prevalence": np.zeros(len(rows.label))}
    compared = ContactList(rows.label, scores, rows.subject, rows.month, rows.arms)
    assert compared.events("prevalence") == pytest.approx(compared.at_random())


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
