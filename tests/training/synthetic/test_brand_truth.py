"""The true probabilities of the simulated brand hold: they are calibrated, rank well, and add up."""

import brand_outcomes as outcomes
import numpy as np
import polars as pl
import pytest
from brand_outcomes import DAY
from sklearn.metrics import roc_auc_score

from training.synthetic.brand import churn_probability
from training.synthetic.leads import FADE, mass

BANDS = {"leads": (0.015, 0.05), "contacts": (0.05, 0.12), "churn": (0.40, 0.65)}


@pytest.mark.parametrize("name", BANDS)
def test_true_probabilities_are_calibrated(name: str) -> None:
    assert np.abs(outcomes.deviations(outcomes.pooled(name))).max() < 4.5
    assert np.abs(outcomes.deviations(outcomes.pooled(name), 1)).max() < 4


@pytest.mark.parametrize("age", [0, 1, 3, 7, 14])
def test_lead_probability_is_calibrated_at_every_age(age: int) -> None:
    frame = outcomes.pooled("leads").filter(pl.col("age_days") == age)
    assert np.abs(outcomes.deviations(frame, 4)).max() < 4


@pytest.mark.parametrize("sent", [True, False])
def test_response_probability_is_calibrated_in_both_arms(sent: bool) -> None:
    frame = outcomes.pooled("contacts").filter(pl.col("sent") == sent)
    assert np.abs(outcomes.deviations(frame, 5)).max() < 4


def test_the_truth_knows_who_of_those_still_there_leaves_in_the_window() -> None:
    found = pl.concat(
        [outcomes.leaving(outcomes.brand(seed), outcomes.churn(seed)) for seed in outcomes.SEEDS]
    )
    assert np.abs(outcomes.deviations(found, 5)).max() < 4
    assert roc_auc_score(found["label"], found["probability"]) > 0.75


@pytest.mark.parametrize("name", BANDS)
def test_base_rates_and_signal_are_realistic(name: str) -> None:
    frame = outcomes.pooled(name)
    low, high = BANDS[name]
    assert low < frame["label"].mean() < high
    assert 0.65 < roc_auc_score(frame["label"], frame["probability"]) < 0.9


def test_new_leads_convert_at_three_to_five_percent() -> None:
    at_creation = outcomes.pooled("leads").filter(pl.col("age_days") == 0)
    assert 0.03 < at_creation["label"].mean() < 0.05


@pytest.mark.parametrize("seed", outcomes.SEEDS)
def test_mean_effect_of_sending_equals_the_truth(seed: int) -> None:
    frame = outcomes.contacts(seed)
    arms = frame.group_by("sent").agg(pl.col("label").mean().alias("rate"), pl.len()).sort("sent")
    rates, counts = arms["rate"].to_numpy(), arms["len"].to_numpy()
    truth = (frame["probability_treated"] - frame["probability_control"]).mean()
    spread = np.sqrt((rates * (1 - rates) / counts).sum())
    assert abs(rates[1] - rates[0] - truth) < 4 * spread
    assert truth > 0.02


def test_sending_harms_some_members() -> None:
    frame = outcomes.pooled("contacts")
    assert 0.02 < (frame["probability_treated"] < frame["probability_control"]).mean() < 0.3


@pytest.mark.parametrize("seed", outcomes.SEEDS)
def test_a_longer_window_and_a_later_look_without_visits_move_the_probability_as_they_must(seed: int) -> None:
    brand, spine = outcomes.brand(seed), outcomes.churn(seed).select("member_id", "as_of")
    short, long = (churn_probability(brand.truth, spine, outcomes.GAP, days) for days in (30, 90))
    assert (long <= short + 1e-9).all()
    assert short.is_between(0, 1).all()
    shuffled = spine.sample(fraction=1, shuffle=True, seed=seed)
    alone = churn_probability(brand.truth, shuffled.head(50), outcomes.GAP, 30)
    asked = spine.with_columns(short=short)
    again = shuffled.head(50).join(asked, on=["member_id", "as_of"], how="left", maintain_order="left")
    np.testing.assert_allclose(alone, again["short"], rtol=1e-12)


def test_what_happens_later_changes_no_earlier_probability() -> None:
    brand, spine = outcomes.brand(1), outcomes.churn(1).select("member_id", "as_of")
    moment = spine["as_of"].min()
    early = spine.filter(pl.col("as_of") == moment)
    past = {name: brand.truth[name].filter(pl.col("time") < moment) for name in ("visits", "shocks")}
    whole = churn_probability(brand.truth, early, outcomes.GAP, outcomes.WINDOW)
    part = churn_probability({**brand.truth, **past}, early, outcomes.GAP, outcomes.WINDOW)
    np.testing.assert_allclose(whole, part, rtol=1e-9)


def test_unknown_member_is_named() -> None:
    spine = pl.DataFrame({"member_id": ["m_nobody"], "as_of": [outcomes.end(outcomes.brand(1))]})
    with pytest.raises(ValueError, match="m_nobody"):
        churn_probability(outcomes.brand(1).truth, spine, 7, 60)


def test_a_question_before_joining_is_refused() -> None:
    late = outcomes.brand(1).truth["members"].filter(pl.col("since") == pl.col("since").max())
    with pytest.raises(ValueError, match="before it was a member"):
        churn_probability(
            outcomes.brand(1).truth, late.select("member_id", as_of=pl.col("since") - DAY), 7, 60
        )


def test_mass_of_a_lead_equals_the_integral_of_its_steps() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        low, span, reply, touch = rng.uniform(0, 20, 4)
        gains = rng.uniform(0.5, 2, 2)
        ages = np.linspace(low, low + span, 200_001)
        height = np.exp(-ages / FADE) / FADE
        height *= np.where(ages >= reply, gains[0], 1) * np.where(ages >= touch, gains[1], 1)
        expected = np.trapezoid(height, ages)
        assert mass(low, low + span, reply, gains[0], touch, gains[1]) == pytest.approx(expected, abs=1e-4)
