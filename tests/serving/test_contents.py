"""Campaigns: those that were published, others, and contents never sent before."""

from dataclasses import replace
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from released import AS_OF, Brand

from models.fitted.booster_sum import BoosterSum
from serving.api.routes_scores import ranked
from serving.contract.schema import Content
from serving.contract.schema_ranking import Choice, Ranking
from serving.state import State

URL = "/v1/models/response"
MEMBERS = [f"m{number}" for number in range(5, 12)]
NEW = {"channel": "sms", "content_type": "sample", "category": "care", "discount_percent": 20, "x_reward": 5}


def result(client: TestClient, item: dict) -> dict:
    answer = client.post(f"{URL}/score", json=item)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("campaign", ["c1", "c3"])
def test_a_campaign_scores_the_same_by_reference_by_content_and_by_record(
    client: TestClient, brand: Brand, member: str, campaign: str
):
    content = next(
        row for row in brand.record(member, "response")["campaigns"] if row["campaign_id"] == campaign
    )
    content = {
        name: value
        for name, value in content.items()
        if name not in ("campaign_id", "occurred_at", "recorded_at")
    }
    found = [
        result(client, {"ref": member, "campaign_id": campaign}),
        result(client, {"ref": member, "campaign": content}),
        result(client, brand.ask(member, "response", campaign_id=campaign)),
    ]
    for key in ("percentile", "band", "reasons", "features_as_of"):
        assert found[0][key] == found[1][key] == found[2][key]
    for one in found:
        assert one["probability"] == pytest.approx(found[0]["probability"], abs=1e-6)


def test_a_content_never_sent_before_is_scored_alike_by_reference_and_by_record(
    client: TestClient, brand: Brand
):
    by_ref = {member: result(client, {"ref": member, "campaign": NEW})["probability"] for member in MEMBERS}
    for member in MEMBERS:
        item = brand.ask(member, "response", campaign=NEW)
        item.pop("campaign_id")
        assert result(client, item)["probability"] == pytest.approx(by_ref[member], abs=1e-6)
    assert len(set(by_ref.values())) > 1


def test_many_members_and_contents_in_one_call_do_not_mix(client: TestClient):
    items = [
        {"ref": member} | choice
        for member in MEMBERS
        for choice in ({"campaign_id": "c0"}, {"campaign": NEW})
    ]
    together = client.post(f"{URL}/scores", json={"items": items}).json()["results"]
    for item, one in zip(items, together, strict=True):
        assert one["probability"] == result(client, item)["probability"]


def test_campaigns_are_ranked_and_one_is_chosen_if_it_is_worth_it(client: TestClient):
    campaigns = [{"campaign_id": "c0"}, {"campaign": NEW}, {"campaign_id": "c1"}, {"campaign_id": "nothing"}]
    ask = {"ref": "m5", "campaigns": campaigns, "at_least": 0.0}
    found = client.post(f"{URL}/rank", json=ask).json()["result"]
    uplifts = [one["uplift"] for one in found["ranked"] if one["status"] == "ok"]
    assert found["by"] == "uplift"
    assert uplifts == sorted(uplifts, reverse=True)
    assert [one["status"] for one in found["ranked"]] == ["ok", "ok", "ok", "error"]
    assert found["choice"] == found["ranked"][0]["campaign"]
    for one in found["ranked"][:3]:
        assert one["probability"] == result(client, {"ref": "m5"} | campaigns[one["campaign"]])["probability"]
    assert client.post(f"{URL}/rank", json=ask | {"at_least": 1.0}).json()["result"]["choice"] is None


def test_without_an_uplift_the_probability_ranks(brand: Brand, state: State):
    champion = state.champions["response"]
    plain = replace(champion, scorer=replace(champion.scorer, uplift=None))
    campaigns = [Choice(campaign_id="c0"), Choice(campaign=Content(**NEW)), Choice(campaign_id="c1")]
    found = ranked(plain, Ranking(ref="m5", campaigns=campaigns, at_least=0.0), state)
    probabilities = [one["probability"] for one in found["ranked"]]
    assert found["by"] == "probability"
    assert probabilities == sorted(probabilities, reverse=True)
    assert not any("uplift" in one for one in found["ranked"])


def test_nobody_is_sent_what_moves_nobody(brand: Brand, state: State):
    champion = state.champions["response"]
    harm = replace(
        champion, scorer=replace(champion.scorer, uplift=BoosterSum(constant=-0.01)), published=None
    )
    found = ranked(harm, Ranking(ref="m5", campaigns=[Choice(campaign_id="c0")], at_least=0.0), state)
    assert found["choice"] is None
    assert found["ranked"][0]["uplift"] == -0.01


def test_who_is_suppressed_is_suppressed_for_every_campaign(client: TestClient):
    ask = {"ref": "m0", "campaigns": [{"campaign_id": "c0"}, {"campaign": NEW}]}
    found = client.post(f"{URL}/rank", json=ask).json()["result"]
    assert found["choice"] is None
    assert {one["status"] for one in found["ranked"]} == {"suppressed"}


def test_only_a_model_about_campaigns_ranks(client: TestClient):
    answer = client.post("/v1/models/churn/rank", json={"ref": "m5", "campaigns": [{"campaign_id": "c0"}]})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_snapshot_is_of_the_moment_that_the_tests_ask_about(client: TestClient):
    told = client.get(URL).json()["model"]["snapshot"]["as_of"]
    assert told.endswith("Z")
    assert datetime.fromisoformat(told).timestamp() == AS_OF


@pytest.mark.parametrize("value", ["a", True, 1e300])
@pytest.mark.parametrize("by", ["ref", "record"])
def test_an_attribute_of_another_kind_is_the_callers_mistake(
    client: TestClient, brand: Brand, value: object, by: str
):
    asked = {"ref": "m5"} if by == "ref" else {"record": brand.record("m5", "response")}
    content = NEW | {"x_reward": value}
    one = client.post(f"{URL}/score", json=asked | {"campaign": content})
    assert (one.status_code, one.json()["errors"][0]["pointer"]) == (422, "/campaign/x_reward")
    items = [{"ref": "m6", "campaign": NEW}, asked | {"campaign": content}]
    found = client.post(f"{URL}/scores", json={"items": items}).json()["results"]
    assert [line["status"] for line in found] == ["ok", "error"]


@pytest.mark.parametrize("by", ["ref", "record"])
def test_an_attribute_that_the_model_does_not_know_is_said(client: TestClient, brand: Brand, by: str):
    asked = {"ref": "m5"} if by == "ref" else {"record": brand.record("m5", "response")}
    told = result(client, asked | {"campaign": NEW | {"x_prize": 1}})["warnings"]
    assert {"code": "unknown_attribute", "attributes": ["campaign.x_prize"]} in told
