"""What `check` says of a label that chance alone would often give, and the setting it proposes."""

import re

import numpy as np
import polars as pl
import pytest

from features import tables
from features.feature import DAY
from features.lifecycle_limits import LifecycleLimits
from models.populations.members import FallSpine, PresentMembers
from models.tasks.churn import TASK
from training.label_chance import LIMIT, advice, proposed
from training.stages.dataset import by_chance, summary

END, YEARS = 1_780_000_000 // DAY * DAY, 3


@pytest.fixture(params=[0.0, 0.5], ids=["nobody leaves", "half leave"])
def data(request: pytest.FixtureRequest) -> dict[str, pl.LazyFrame]:
    """Members who buy at random times, some five times a year, some thirty times, and may leave for good."""
    rng = np.random.default_rng(0)
    rates = rng.choice([5, 10, 30], 400)
    counts = rng.poisson(rates * YEARS)
    who = np.repeat(np.arange(len(rates)), counts)
    at = END - (rng.random(len(who)) * YEARS * 365 * DAY).astype(int)
    left = np.where(rng.random(len(rates)) < request.param, rng.integers(0, 200, len(rates)), 0)
    stays = at < END - left[who] * DAY
    who, at = who[stays], at[stays]
    sales = pl.DataFrame(
        {
            "member_id": [f"m{one}" for one in who],
            "order_id": [str(one) for one in range(len(who))],
            "occurred_at": pl.from_epoch(pl.Series(at)).dt.replace_time_zone("UTC"),
            "quantity": 1,
            "unit_price_cents": 1_000,
        }
    )
    return {"purchases": tables.complete("purchases", sales).lazy()}


def share(data: dict[str, pl.LazyFrame], spine: FallSpine) -> float:
    rows = PresentMembers().past(data, spine, LifecycleLimits(), 0, END)
    return by_chance([summary(rows, TASK)]) or 0.0


def test_the_setting_that_is_proposed_leaves_less_to_chance(data):
    spine = FallSpine(days=60, gap=7, cutoffs=3)
    before = share(data, spine)
    assert before > LIMIT
    setting = proposed(TASK, before, data, spine, LifecycleLimits(), END)
    text = advice(TASK.name, before, setting)
    assert text.startswith(f"an unchanged rhythm alone would give {before:.0%} of the outcomes")
    days, odds = map(float, re.findall(r"\{days: (\d+), odds: (\d+)\}", text)[0])
    chosen = FallSpine(days=int(days), gap=7, odds=odds, cutoffs=3)
    assert share(data, chosen) < before
    assert ("least of what these data allow" in text) == (share(data, chosen) > LIMIT)


def test_data_too_short_for_any_window_are_told(data):
    short = {"purchases": data["purchases"].filter(pl.col("event_time") >= END - 50 * DAY)}
    setting = proposed(TASK, 0.4, short, FallSpine(days=60), LifecycleLimits(), END)
    assert "the data are too short" in advice(TASK.name, 0.4, setting)


def test_a_label_that_is_no_fall_has_no_chance():
    rows = pl.DataFrame({"label": [0, 1], "as_of": [0, 0], "member_id": ["a", "b"]})
    assert by_chance([summary(rows, TASK)]) is None
