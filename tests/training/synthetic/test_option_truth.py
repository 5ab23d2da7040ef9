"""The simulated brand's truth about every option agrees with its truth about what was sent."""

import brand_outcomes as outcomes
import numpy as np
import polars as pl
import pytest

from training.synthetic import answers
from training.synthetic.campaigns import CHANNELS, CONTENTS
from training.synthetic.option_truth import WEIGHTS, chances, orders_lost


@pytest.fixture(scope="module")
def state() -> pl.DataFrame:
    return outcomes.brand(1).truth["state"]


def asked(state: pl.DataFrame, channel: str = "wecom", content: str = "discount", depth: int = 20):
    clock = outcomes.brand(1).truth["calendar"]
    return chances(state, channel, content, "fragrance", depth, int(clock["end"][0]), int(clock["change"][0]))


def test_every_member_has_a_state_and_every_option_a_chance(state):
    assert state["member_id"].to_list() == outcomes.brand(1).truth["members"]["member_id"].to_list()
    assert state.select(WEIGHTS).sum_horizontal().to_numpy() == pytest.approx(1)
    assert state["still"].is_between(0, 1).all()
    for channel in CHANNELS:
        for content in CONTENTS:
            for part in vars(asked(state, channel, content)).values():
                assert part.shape == (len(state),)
                assert ((part >= 0) & (part <= 1)).all()


def test_a_deeper_discount_and_a_better_channel_bring_more(state):
    assert (asked(state, depth=40).sent > asked(state, depth=10).sent).all()
    assert asked(state, "wecom").sent.mean() > asked(state, "push").sent.mean()
    assert (asked(state).not_sent == asked(state, "push", "care_tip").not_sent).all()


def test_messages_tire_and_make_members_block(state):
    tired = state.with_columns(messages=pl.col("messages") + 3)
    assert (asked(tired).sent < asked(state).sent).mean() > 0.9
    assert (asked(tired).blocked > asked(state).blocked).mean() > 0.9
    quiet = state.with_columns(pl.lit(float(name == "weight_quiet")).alias(name) for name in WEIGHTS)
    assert asked(quiet).blocked.mean() > asked(state).blocked.mean()


def test_chances_are_of_the_size_of_those_of_the_last_contacts(state):
    known = outcomes.brand(1).truth["response"]
    assert asked(state).not_sent.mean() == pytest.approx(known["probability_control"].mean(), rel=0.6)
    gone = state.with_columns(still=pl.lit(0.0))
    assert asked(gone).sent == pytest.approx(answers.LOST * asked(state.with_columns(still=pl.lit(1.0))).sent)


def test_who_buys_more_loses_more_with_a_block(state):
    lost = orders_lost(state)
    assert (lost >= 0).all()
    assert np.corrcoef(lost, state["orders"].to_numpy())[0, 1] == pytest.approx(1)


def test_what_the_brand_does_not_have_is_named(state):
    with pytest.raises(ValueError, match="'letter': the simulated brand has sms, wecom"):
        asked(state, "letter")
