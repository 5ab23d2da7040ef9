"""What is too old is not recommended, not kept in caches, and seen by monitoring."""

import re

import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import AS_OF, Brand, at

from serving.champion.input_warnings import InputWarnings
from serving.state import State

LOOKUP = "/v1/models/churn/lookup"
EVERY_BAND = {"recommended": {"churn": ["high", "medium", "low"], "lead": ["A", "B", "C", "D"]}}
FRESH, LAST, OVER = 1.0, 72 - 0.01, 72 + 0.01  # hours after the snapshot; it holds for three days


def result(client: TestClient, ref: str = "m5") -> dict:
    return client.get(LOOKUP, params={"ref": ref}).json()["result"]


@pytest.mark.parametrize(("hours", "stale"), [(FRESH, False), (LAST, False), (OVER, True), (9_000, True)])
def test_nothing_is_recommended_after_its_time(brand: Brand, state: State, hours: float, stale: bool):
    client = at(brand, state, hours, **EVERY_BAND)
    bulk = client.post("/v1/models/churn/scores", json={"items": [{"ref": f"m{n}"} for n in range(5, 40)]})
    explained = client.post("/v1/models/churn/explain", json={"ref": "m5"})
    for found in (*bulk.json()["results"], explained.json()["result"], result(client)):
        assert found["recommended"] is not stale
        assert ({"code": "stale_snapshot", "features": []} in _plain(found)) is stale


def test_what_a_task_says_is_acted_on_is_recommended_where_no_setting_says_more(brand: Brand, state: State):
    asked = {"items": [{"ref": f"m{n}"} for n in range(60)]}
    for task, acted in (("churn", {"high"}), ("recall", {"high"})):
        found = at(brand, state, FRESH).post(f"/v1/models/{task}/scores", json=asked).json()["results"]
        scored = [one for one in found if one["status"] == "ok"]
        assert {one["band"] for one in scored if one["recommended"]} == acted
        assert not {one["band"] for one in scored if not one["recommended"]} & acted


def _plain(found: dict) -> list[dict]:
    return [{"features": []} | warning for warning in found["warnings"]]


@pytest.mark.parametrize("hours", [FRESH, OVER])
def test_a_cache_asks_again_before_it_tells_an_answer(brand: Brand, state: State, hours: float):
    """So that it never outlives its time, nor the consent it was given under."""
    answer = at(brand, state, hours).get(LOOKUP, params={"ref": "m5"})
    assert answer.headers["cache-control"] == "private, no-cache"
    again = {"If-None-Match": answer.headers["etag"]}
    assert at(brand, state, hours).get(LOOKUP, params={"ref": "m5"}, headers=again).status_code == 304


def test_data_that_ended_long_ago_may_have_a_clock_of_their_own_and_say_so(brand: Brand, state: State):
    client = at(brand, state, 9_000, clock={"brand": "data"}, **EVERY_BAND)
    found = result(client)
    assert found["recommended"] is True
    assert [warning["code"] for warning in found["warnings"] if not warning.get("features")] == [
        "clock_of_data"
    ]
    record = client.post("/v1/models/churn/score", json=brand.ask("m5", "churn")).json()["result"]
    assert "clock_of_data" not in {warning["code"] for warning in record["warnings"]}
    assert client.get("/readyz").json()["states"] == dict.fromkeys(
        ("lead", "response", "churn", "recall"), "ok"
    )
    other = result(at(brand, state, 9_000, clock={"other": "data"}, **EVERY_BAND))
    assert other["recommended"] is False


@pytest.mark.parametrize("hours", [0, 24, 240])
def test_ages_are_those_of_the_moment_of_asking(brand: Brand, state: State, hours: float):
    text = at(brand, state, hours).get("/metrics").text
    snapshot = re.search(r'memberlens_snapshot_age_days\{model="churn"\} (\S+)', text)
    model = re.search(r'memberlens_model_age_days\{model="churn"\} (\S+)', text)
    assert float(snapshot[1]) == pytest.approx(hours / 24)
    trained = 1_782_864_000  # 2026-07-01
    assert float(model[1]) == pytest.approx((AS_OF + hours * 3600 - trained) / 86_400)


def test_readiness_names_a_stale_snapshot(brand: Brand, state: State):
    assert set(at(brand, state, FRESH).get("/readyz").json()["states"].values()) == {"ok"}
    assert set(at(brand, state, OVER).get("/readyz").json()["states"].values()) == {"snapshot_stale"}


def test_clocks_that_grow_by_design_are_not_out_of_range(state: State):
    champion = state.champions["churn"]
    assert champion.snapshot is not None
    doubts, frame = InputWarnings(champion.scorer.model), champion.snapshot.frame
    clocks = [row["name"] for row in champion.card["features"] if row["en"].startswith("days since")]
    assert {"tenure_days", "days_since_order"} <= set(clocks)
    later = frame.with_columns(pl.col(clocks) + 3_650)
    named = {f for row in doubts.of(later).values() for w in row if w["code"] == "out_of_range"
             for f in w["features"]}  # fmt: skip
    assert not named & set(clocks)
    before = frame.with_columns(pl.lit(-400.0).alias("tenure_days"))
    assert all(
        "tenure_days" in warning["features"]
        for row in doubts.of(before).values()
        for warning in row
        if warning["code"] == "out_of_range"
    )
    assert len(doubts.of(before)) == len(frame)
