"""Opt-outs grow likelier with messages: found where it is so, and nothing found where it is not."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from acting_worlds import draft

from features.feature import DAY
from models.acting.draft import gains
from training.acting.fatigue import MOST, fatigue, messages_before


def log(push: float, members: int = 6_000, weeks: int = 20, rate: float = 0.004):
    """Messages on drawn weeks; who was written to more blocks ``exp(push)`` times as often with each."""
    rng = np.random.default_rng(0)
    sent = rng.random((members, weeks)) < rng.random((members, 1))
    who, week = np.nonzero(sent)
    at = week * 7 * DAY
    messages = pl.DataFrame({"member_id": [f"m{one}" for one in who], "event_time": at})
    before = messages_before(messages).sort("member_id", "event_time")["before"].to_numpy()
    messages = messages.sort("member_id", "event_time")
    blocks = rng.random(len(messages)) < rate * np.exp(push * np.minimum(before, MOST))
    answers = messages.filter(pl.Series(blocks)).with_columns(
        pl.col("event_time") + 600, kind=pl.lit("blocked")
    )
    return messages, answers


def test_messages_of_the_month_before_are_counted():
    one = pl.DataFrame(
        {"member_id": ["a"] * 4 + ["b"], "event_time": [0, 10 * DAY, 20 * DAY, 45 * DAY, 20 * DAY]}
    )
    assert messages_before(one).sort("member_id", "event_time")["before"].to_list() == [0, 1, 2, 1, 0]


def test_the_rise_is_found():
    found = fatigue(*log(push=0.3))
    true = np.exp(0.3 * np.arange(MOST + 1))
    assert (np.diff(found) >= 0).all()
    assert found[4] / found[0] == pytest.approx(true[4] / true[0], rel=0.35)


def test_where_messages_tire_nobody_the_price_is_flat():
    assert fatigue(*log(push=0.0)) == pytest.approx(np.ones(MOST + 1), abs=0.2)
    messages, answers = log(push=0.0)
    assert fatigue(messages, answers.clear()).tolist() == [1.0] * (MOST + 1)
    assert fatigue(messages.clear(), answers.clear()).tolist() == [1.0] * (MOST + 1)


def test_a_tired_member_is_worth_less_to_write_to_and_care_costs_nobody():
    made = draft(0)
    rested = replace(made.inputs.people, messages=np.zeros_like(made.inputs.people.messages))
    tired = replace(made.inputs.people, messages=np.full_like(made.inputs.people.messages, 40))
    less = gains(replace(made.inputs, people=rested)) - gains(replace(made.inputs, people=tired))
    care = made.offers.care
    assert (less[:, ~care] > 0).all()
    assert (less[:, care] == 0).all()
