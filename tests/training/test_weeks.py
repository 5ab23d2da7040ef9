"""Policies over weeks of the simulated brand: budgets, fatigue, and what is told of them."""

from pathlib import Path

import numpy as np
import pytest
from made_plans import RUNNER

import memberlens
from training import params as settings
from training.acting import claims, draft, pages, truth, weeks, weeks_report
from training.io import read_json

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(acting_world: settings.Params) -> settings.Params:
    """The small brand of the acting commands."""
    return acting_world


def test_no_policy_is_better_than_the_best_that_the_brand_allows(world):
    found = list(truth.trials(world))
    assert len(found) == 20
    for trial in found:
        assert trial.best > 0
        assert max(trial.found.values()) <= 1.001 * trial.best
    shares = {name: np.mean([trial.found[name] / trial.best for trial in found]) for name in found[0].found}
    assert shares["plan"] > shares["random"]
    told = truth.text(world)
    assert len(told.splitlines()) == 21


@pytest.fixture(scope="module")
def weekly(world: settings.Params) -> tuple[draft.Draft, weeks.World, weeks.State]:
    request = draft.Request("weeks", budget=25.0, hold_out=0.0, blind=True)
    made_ = draft.plan_draft(world, request, draft.data_day(world))
    return made_, *weeks.world(world, made_, seed=1)


def test_a_week_without_contacts_drives_nobody_away_and_brings_nothing(weekly):
    made_, known, state = weekly
    nothing = np.full(len(state.there), -1)
    after, week = weeks.step(made_, known, state, nothing, np.zeros((4, len(nothing))), 0, state.there)
    assert (week.margin, week.cost, week.contacts, week.blocked) == (0, 0, 0, 0)
    assert (after.there == state.there).all()
    assert after.sent[1:].tolist() == state.sent[:-1].tolist()


@pytest.mark.parametrize("name", list(weeks.POLICIES))
def test_weeks_keep_the_budget_and_write_to_nobody_who_blocked(weekly, name):
    made_, known, state = weekly
    cap = {"plan": made_.inputs.options.per_fortnight, "rested": 1, "top_p": np.inf}[name]
    rng, begun = np.random.default_rng(0), state
    for week in range(5):
        before = state
        choice = weeks.POLICIES[name](made_, before)
        given = choice != -1
        care = given & made_.inputs.options.care[np.maximum(choice, 0)]
        assert made_.inputs.options.cost[choice[given]].sum() <= made_.limits.budget + 1e-9
        assert not (given & ~before.reachable).any()
        assert not (given & ~care & (before.sent[: weeks.FORTNIGHT].sum(axis=0) >= cap)).any()
        state, found = weeks.step(
            made_, known, before, choice, rng.random((4, len(choice))), week, begun.there
        )
        assert not (care & state.complaint).any()
        assert found.blocked == (~state.reachable).sum()
        assert found.reachable <= (before.there & before.reachable).sum()
        assert (state.sent[0] == given).all()


def test_many_messages_drive_members_away_and_their_orders_are_lost(weekly):
    made_, known, state = weekly
    luck = np.full((4, len(state.there)), 0.05)
    push = int(np.flatnonzero(~made_.inputs.options.care & (made_.inputs.options.cost < 0.02))[0])
    everybody = np.full(len(state.there), push)
    tired = weeks.replace(state, sent=np.full_like(state.sent, 1))
    fresh = weeks.replace(state, sent=np.zeros_like(state.sent))
    after, found = weeks.step(made_, known, tired, everybody, luck, 0, state.there)
    rested, better = weeks.step(made_, known, fresh, everybody, luck, 0, state.there)
    assert rested.there.sum() == state.there.sum() > after.there.sum()
    assert better.margin > found.margin


def test_the_weeks_are_told_with_their_range_and_the_same_twice(world):
    words = ["acting-truth", "--weeks", "3", "--seeds", "2", "--budget", "25"]
    first = RUNNER.invoke(memberlens.app, words)
    assert first.exit_code == 0, first.output
    kept = read_json(world.results / weeks_report.FILE)
    assert RUNNER.invoke(memberlens.app, words).output == first.output
    assert read_json(world.results / weeks_report.FILE) == kept
    assert first.output.splitlines()[0].startswith("3 weeks of 25 CNY each, ")
    for policy in kept["policies"].values():
        assert policy["end"]["cost"]["high"] <= 3 * 25 + 1e-6
        for line in weeks_report.LINES:
            curve = policy["curves"][line]
            assert len(curve["value"]) == 3
            assert curve["low"][-1] <= policy["end"][line]["value"] <= curve["high"][-1]
    page = (world.results / weeks_report.PAGE).read_text()
    assert page == pages.weeks(kept, "auto")
    surely = claims.above(kept["policies"], "margin", "top_p")
    assert ("Both plans brought more" in page) == (len(surely) == 2)


def test_a_policy_is_not_more_where_ranges_over_seeds_overlap():
    def end(low: float, high: float) -> dict:
        return {"end": {"margin": {"value": (low + high) / 2, "low": low, "high": high}}}

    found = {"plan": end(5, 9), "rested": end(7, 9), "top_p": end(1, 6)}
    assert claims.above(found, "margin", "top_p") == ["rested"]


def test_the_truth_by_option_is_refused_without_the_simulated_brand(world):
    path = world.build / "truth" / "state.parquet"
    path.rename(path.with_suffix(".aside"))
    try:
        with pytest.raises(ValueError, match="only the simulated brand knows it"):
            list(truth.trials(world))
    finally:
        path.with_suffix(".aside").rename(path)
