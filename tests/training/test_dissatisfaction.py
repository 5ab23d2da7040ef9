"""Drivers of dissatisfaction: planted effects are found, in their order, and nothing else."""

import numpy as np
import polars as pl
import pytest
from stages import START, ingest, params

from features.feature import DAY
from training.data.artifacts import Ingest, write_artifact
from training.evaluation.dissatisfaction import _ordered, _silence, ranked_drivers, table, tickets
from training.params import Params

PUSH = {"quality": 0.3, "delivery": 0.1, "price": 0.0}  # added to the rate of silence by a ticket


@pytest.fixture(params=range(3))
def brand(request, tmp_path, monkeypatch) -> Params:
    """Tickets that push members away, beside recency that does so too and goes with tickets."""
    monkeypatch.chdir(tmp_path)
    rng, n, found = np.random.default_rng(request.param), 20_000, params()
    recency = rng.exponential(60, n)
    topic = rng.choice([*PUSH, "none"], n, p=[0.1, 0.1, 0.1, 0.7])
    topic = np.where((recency > 90) & (rng.random(n) < 0.7), "none", topic)  # tickets follow purchases
    rate = 0.2 + 0.3 * (recency > 60) + np.array([PUSH.get(t, 0.0) for t in topic])
    as_of = START + 200 * DAY
    _write(found, rng, topic, recency, rng.random(n) < rate, as_of)
    return found


def _write(found, rng, topic, recency, label, as_of):
    n, member = len(topic), pl.Series([f"m{i:05d}" for i in range(len(topic))])
    rows = pl.DataFrame(
        {
            "row_id": np.arange(n),
            "member_id": member,
            "as_of": np.full(n, as_of),
            "label": label.astype(np.int8),
            "days_since_order": recency,
            "stage": rng.choice(["new", "mature", "silent"], n),
            "orders_365d": rng.poisson(3, n).astype(float),
            "region": rng.choice(["north", "south"], n),
        }
    )
    folder = found.build / "churn"
    folder.mkdir(parents=True)
    rows.write_parquet(folder / "dataset.parquet")
    has = topic != "none"
    opened = as_of - rng.integers(1, 80, n)[has] * DAY
    ids = pl.Series([f"t{i}" for i in range(int(has.sum()))])
    base = {"ticket_id": ids, "member_id": member.filter(pl.Series(has)), "topic": topic[has]}
    stars = np.where(topic[has] == "quality", rng.integers(1, 4, has.sum()), rng.integers(3, 6, has.sum()))
    parts = [
        pl.DataFrame({**base, "kind": "opened", "event_time": opened, "minutes": 10, "satisfaction": None}),
        pl.DataFrame(
            {**base, "kind": "feedback", "event_time": opened + 60, "minutes": None, "satisfaction": stars}
        ),
    ]
    care = pl.concat(parts, how="diagonal_relaxed").with_columns(
        subtopic=pl.lit(None, dtype=pl.String), known_time=pl.col("event_time")
    )
    (found.build / "tables").mkdir()
    care.write_parquet(found.build / "tables" / "care.parquet")
    write_artifact(found.build, Ingest, ingest("2024-07-01T00:00:00+00:00"))


def test_planted_effects_are_found_in_their_order(brand):
    found = ranked_drivers(brand)
    assert [row["topic"] for row in found["topics"]][:2] == ["quality", "delivery"]
    for row in found["topics"]:
        assert row["silence"]["low"] - 0.02 <= PUSH[row["topic"]] <= row["silence"]["high"] + 0.02
    quality = found["topics"][0]
    assert quality["low"]["low"] > quality["low"]["others"]
    assert quality["lost"] == pytest.approx(quality["silence"]["value"] * quality["members_year"])


def test_the_table_warns(brand):
    text = table(ranked_drivers(brand))
    assert "quality" in text
    assert text.endswith("Association is not cause: test a remedy on a part before spending on all.")


def test_without_care_data_there_are_no_drivers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ranked_drivers(params()) is None


@pytest.mark.parametrize("seed", range(5))
def test_like_is_compared_with_like(seed):
    """Where silence depends on the stratum alone, the interval covers zero though the strata differ."""
    rng, n = np.random.default_rng(seed), 8_000
    stratum = rng.integers(0, 5, n)
    hit = rng.random(n) < 0.05 + 0.1 * stratum / 4
    label = rng.random(n) < 0.1 + 0.15 * stratum
    moments = pl.DataFrame(
        {"label": label, "stratum": stratum, "member_id": rng.integers(0, n, n).astype(str)}
    )
    found = _silence(moments.with_columns(pl.col("label").cast(pl.Int8)), hit, ~hit)
    assert label[hit].mean() - label[~hit].mean() > 0.03
    assert abs(found["value"]) < 3 * (found["high"] - found["low"]) / 3.92


def test_sure_losses_come_before_low_ratings():
    def row(topic, value, low, stars):
        silence = {"value": value, "low": low, "high": value + 0.1}
        return {"topic": topic, "subtopic": None, "tickets": 100, "lost": value * 100, "silence": silence,
                "low": {"value": stars}}  # fmt: skip

    found = _ordered([row("a", 0.3, -0.1, 0.1), row("b", 0.1, 0.05, 0.0), row("c", 0.0, -0.1, 0.5)])
    assert [(r["priority"], r["topic"]) for r in found] == [(1, "b"), (2, "c"), (3, "a")]


def test_a_ticket_is_one_row_with_its_steps():
    care = pl.DataFrame(
        {
            "ticket_id": ["t1"] * 4, "member_id": ["m1"] * 4, "topic": ["price"] * 4,
            "subtopic": ["invoice"] * 4,
            "kind": ["opened", "contact", "resolved", "feedback"], "event_time": [0, DAY, 2 * DAY, 3 * DAY],
            "known_time": [0, DAY, 2 * DAY, 3 * DAY], "minutes": [5, 10, None, None],
            "satisfaction": [None, None, None, 2],
        }
    )  # fmt: skip
    found = tickets(care).row(0, named=True)
    assert (found["minutes"], found["contacts"], found["days"], found["satisfaction"]) == (15, 1, 2.0, 2)
