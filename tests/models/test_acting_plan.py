"""Laws of plans: limits hold, more money never brings less, the exact programme is the oracle."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from acting_worlds import brand, programme
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from models.acting import holdout
from models.acting.budget import budget_curve, path
from models.acting.knapsack import solve
from models.acting.options import OptionsError
from models.acting.plan import CODE, REASONS, gain, make
from models.acting.programme import NOTHING, Programme
from models.acting.terms import PlanError

SEEDS = st.integers(0, 10_000)


def exact(world: Programme) -> tuple[float, float]:
    """What the integer programme and its linear relaxation reach, by HiGHS, written down densely."""
    options, members = world.value.shape
    value = np.where(np.isfinite(world.value), world.value, 0).ravel()
    upper = np.isfinite(world.value).ravel().astype(float)
    rows, limits = [world.cost.ravel()], [world.budget]
    for code, places in enumerate(world.capacity):
        rows.append(np.repeat(np.arange(options) == code, members).astype(float))
        limits.append(places)
    for code, places in enumerate(world.channel_capacity):
        rows.append(np.repeat(world.channel == code, members).astype(float))
        limits.append(places)
    for member in range(members):
        rows.append(np.tile(np.arange(members) == member, options).astype(float))
        limits.append(1.0)
    table, limit = np.array(rows), np.array(limits)
    whole = milp(
        -value, constraints=LinearConstraint(table, ub=limit), bounds=Bounds(0, upper), integrality=1
    )
    binds = np.isfinite(limit)
    relaxed = linprog(-value, table[binds], limit[binds], bounds=np.column_stack([0 * upper, upper]))
    return -whole.fun, -relaxed.fun


def holds(world: Programme, choice: np.ndarray) -> None:
    """Assert that every limit holds and nothing is chosen that is not allowed."""
    used = np.bincount(choice[choice != NOTHING], minlength=len(world.capacity))
    assert (used <= world.capacity).all()
    by_channel = np.bincount(world.channel, used, minlength=len(world.channel_capacity))
    assert (by_channel <= world.channel_capacity).all()
    assert world.of(world.cost, choice).sum() <= world.budget * (1 + 1e-9)
    assert (world.of(world.value, choice)[choice != NOTHING] > 0).all()


@settings(max_examples=150, deadline=None)
@given(SEEDS, st.integers(1, 14), st.sampled_from([3, 3000]))
def test_a_plan_is_as_good_as_the_exact_programme_within_the_gap_it_tells(seed, members, sample):
    world = programme(seed, members)
    found = solve(world, sample=sample)
    holds(world, found.choice)
    whole, relaxed = exact(world)
    assert found.value <= whole + 1e-6
    assert whole <= found.bound + 1e-6
    assert relaxed <= found.bound + 1e-6
    if sample > members:  # the linear programme is solved in full: the bound is its value
        assert found.bound == pytest.approx(max(relaxed, 0), abs=1e-6)
        assert found.value >= 0.5 * whole - 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_the_gap_closes_as_members_become_many(seed):
    world = programme(seed, 20_000)
    found = solve(world, sample=500)
    holds(world, found.choice)
    assert found.gap < 1e-3


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from([0.0, 0.2]))
def test_no_rule_is_broken(seed, explore):
    offers, audience, limits, chance = brand(seed, explore=explore)
    plan = make(offers, audience, limits, chance)
    sent = np.flatnonzero(plan.choice != NOTHING)
    option = plan.choice[sent]
    assert offers.allowed[sent, option].all()
    assert (offers.care[option] == audience.complaint[sent]).all()
    others = sent[~audience.complaint[sent]]
    assert not audience.quiet[others].any()
    assert (audience.contacts[others] < limits.per_fortnight).all()
    assert not plan.held_out[sent].any()
    assert plan.cost.sum() <= limits.budget * (1 + 1e-9)
    used = np.bincount(option, minlength=5)
    assert (used <= limits.capacity).all()
    assert (np.bincount(offers.channel, used) <= limits.channel_capacity).all()
    assert ((plan.reason == CODE["sent"]) == (plan.choice != NOTHING)).all()
    assert ((plan.probability > 0) & (plan.probability <= 1)).all()


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_the_same_world_gives_the_same_plan_and_order_does_not_matter_to_the_holdout(seed):
    world = brand(seed, explore=0.1)
    one, other = make(*world), make(*world)
    for name in ("choice", "planned", "reason", "held_out", "probability"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    ids = world[1].ids
    turned = holdout.held_out(ids[::-1], "salt", 0.1)[::-1]
    assert np.array_equal(turned, holdout.held_out(ids, "salt", 0.1))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_more_budget_never_brings_less_than_the_gap(seed):
    offers, audience, limits, chance = brand(seed)
    audience = replace(audience, complaint=np.zeros(300, bool))  # care is owed, not weighed
    found = [make(offers, audience, replace(limits, budget=b), chance).solution for b in (5, 10, 20, 80, 1e6)]
    for less, more in pairwise(found):
        assert more.bound >= less.bound - 1e-6
        assert more.value >= less.value - (more.bound - more.value) - 1e-6


def test_the_holdout_is_of_the_stated_share_in_each_stratum_kept_with_the_salt_and_new_without():
    ids, stratum = [f"m{n}" for n in range(60_000)], np.arange(60_000) % 3
    each = np.array([0.02, 0.05, 0.2])
    held = holdout.held_out(ids, "a", each, stratum)
    for code, share in enumerate(each):
        noise = np.sqrt(share * (1 - share) / 20_000)
        assert abs(held[stratum == code].mean() - share) < 4 * noise
    assert np.array_equal(held[:100], holdout.held_out(ids[:100], "a", each, stratum[:100]))
    fresh = holdout.held_out(ids, "b", each, stratum)
    assert (held & fresh).mean() == pytest.approx((each**2).mean(), abs=0.003)  # independent
    with pytest.raises(ValueError, match="held-out share"):
        holdout.shares(3, 1.5)


def test_complaints_get_care_first_and_nothing_else_whatever_it_brings():
    offers, audience, limits, chance = brand(3)
    offers = replace(offers, gain=np.where(offers.care, -1.0, offers.gain))
    limits = replace(limits, budget=6.0)  # two calls
    plan = make(offers, audience, limits, chance)
    cared = plan.choice[audience.complaint]
    assert (cared == 4).sum() == 2
    assert set(plan.reason[audience.complaint].tolist()) <= {CODE["sent"], CODE["complaint"]}
    assert (plan.choice[~audience.complaint] == NOTHING).all()  # nothing is left


def test_every_member_who_gets_nothing_has_the_reason_that_holds():
    members = 8
    offers, audience, limits, chance = brand(0, members, held=0.0)
    offers = replace(
        offers,
        gain=np.tile([5.0, -1, -1, -1, -1], (members, 1)) - np.arange(members)[:, None] * 0.1,
        allowed=np.ones((members, 5), bool),
    )
    offers.allowed[0] = False
    offers.gain[1] = -1
    none = np.zeros(members, bool)
    audience = replace(audience, quiet=none.copy(), complaint=none.copy(), contacts=np.zeros(members, int))
    audience.quiet[2], audience.contacts[3], audience.complaint[4] = True, 3, True
    offers.allowed[4] = False
    free = replace(limits, channel_capacity=np.full(3, np.inf), capacity=np.full(5, np.inf))
    told = make(offers, audience, replace(free, budget=0.1), chance).reason
    names = [REASONS[code] for code in told]
    assert names == [
        "no_consent",
        "not_worth_its_cost",
        "quiet",
        "capped",
        "complaint",
        "sent",
        "sent",
        "budget",
    ]
    free.capacity[0] = 1
    told = make(offers, audience, replace(free, budget=100.0), chance).reason
    assert [REASONS[code] for code in told[5:]] == ["sent", "capacity", "capacity"]
    told = make(offers, audience, free, replace(chance, hold_out=0.999999)).reason
    assert [REASONS[code] for code in told[5:]] == ["held_out"] * 3


def test_logged_probabilities_are_how_often_it_happens():
    """Over many salts: the inverse probability of what happened averages to one for each action."""
    offers, audience, limits, chance = brand(5, 200, budget=1e6, explore=0.3)
    limits = replace(limits, capacity=np.full(5, np.inf), channel_capacity=np.full(3, np.inf))
    total, runs = np.zeros(200), 400
    for number in range(runs):
        plan = make(offers, audience, limits, replace(chance, salt=f"s{number}", hold_out=0.2))
        total += (plan.choice == NOTHING) / plan.probability
    open_to = ~np.isin(plan.reason, [CODE[n] for n in ("no_consent", "quiet", "capped", "complaint")])
    assert np.mean(total[open_to] / runs) == pytest.approx(1, abs=0.03)


def test_errors_say_what_to_change():
    offers, audience, limits, chance = brand(1)
    with pytest.raises(PlanError, match="buys nothing: the cheapest"):
        make(offers, audience, replace(limits, budget=0.001), chance)
    with pytest.raises(PlanError, match="budget 0"):
        replace(limits, budget=0)
    with pytest.raises(PlanError, match="not finite"):
        replace(offers, gain=np.full_like(offers.gain, np.nan))
    with pytest.raises(PlanError, match="explore"):
        replace(chance, explore=1.0)
    assert issubclass(OptionsError, ValueError)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 60))
def test_the_budget_curve_is_monotone_concave_and_the_linear_programme(seed, members):
    rng = np.random.default_rng(seed)
    value, cost = rng.normal(1, 2, (members, 4)), rng.choice([0.0, 0.5, 1, 2], (members, 4))
    allowed = rng.random((members, 4)) < 0.8
    curve = budget_curve(value, cost, allowed, error=np.full(value.shape, 0.1), points=21)
    steps = np.diff(curve.gain)
    assert (steps >= -1e-9).all()
    assert (np.diff(steps) <= 1e-9).all()
    assert ((curve.low <= curve.gain) & (curve.gain <= curve.high)).all()
    net = np.where(allowed, value - cost, -np.inf).T
    free, middle = np.full(4, np.inf), curve.spend[10]
    if middle > 0:
        bound = solve(Programme(net, cost.T, np.zeros(4, int), middle, free, np.array([np.inf]))).bound
        assert curve.gain[10] - middle == pytest.approx(bound, abs=1e-6)
    assert path(value, cost, allowed).value[-1:] == pytest.approx(
        np.maximum(net.max(0), 0).sum() or [], abs=1e-9
    )


def test_draws_give_the_curve_an_interval_and_one_of_both_is_needed():
    rng = np.random.default_rng(0)
    value, cost, allowed = rng.normal(1, 1, (500, 3)), np.ones(3), np.ones((500, 3), bool)
    shared = [value + shift for shift in rng.normal(0, 0.2, 200)]
    together = budget_curve(value, cost, allowed, draws=shared)
    apart = budget_curve(value, cost, allowed, error=np.full(value.shape, 0.2))
    assert (together.high - together.low)[-1] > 5 * (apart.high - apart.low)[-1]
    with pytest.raises(ValueError, match="either"):
        budget_curve(value, cost, allowed)


def test_what_an_option_brings_is_effect_times_worth_less_what_an_opt_out_loses():
    found = gain(np.array([[0.1, 0.2]]), np.array([50.0]), np.array([[0.01, 0.0]]), np.array([100.0]))
    assert found.tolist() == [[4.0, 10.0]]
