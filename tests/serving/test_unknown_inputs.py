"""What is not known of a subject neither flatters it nor is acted on: one item, many, a ranking."""

import pytest
from fastapi.testclient import TestClient
from released import Brand

CONTENT = {"campaign_id": "c1"}
GRANTED = {"consent": {"profiling": "granted"}}


def post(client: TestClient, path: str, body: object) -> dict:
    answer = client.post(f"/v1/models/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("task", ["lead", "response", "churn"])
def test_an_empty_record_has_no_band_and_is_not_recommended(client: TestClient, task: str):
    item = GRANTED | {"record": {}} | (CONTENT if task == "response" else {})
    for found in (
        post(client, f"{task}/score", item)["result"],
        post(client, f"{task}/explain", item)["result"],
        post(client, f"{task}/scores", {"items": [item]})["results"][0],
    ):
        assert (found["status"], found["band"], found["recommended"]) == ("insufficient_input", None, False)
        assert {found[name] for name in ("score", "percentile", "band_expected_rate")} == {None}
        assert {"nothing_known"} <= {warning["code"] for warning in found["warnings"]}


def test_a_bulk_counts_them(client: TestClient, brand: Brand):
    items = [brand.ask("l5", "lead"), GRANTED | {"record": {}}]
    summary = post(client, "lead/scores", {"items": items})["summary"]
    assert summary == {"ok": 1, "insufficient_input": 1, "outside_population": 0, "suppressed": 0, "error": 0}


def test_a_ranking_chooses_nothing_for_whom_nothing_is_known(client: TestClient):
    found = post(client, "response/rank", GRANTED | {"record": {}, "campaigns": [CONTENT], "at_least": 0.0})
    assert found["result"]["choice"] is None


def test_a_category_never_seen_scores_between_those_that_were(client: TestClient, brand: Brand):
    """Spelt otherwise or new: within the range of the known ones, whatever side a tree would choose."""
    record = brand.record("l5", "lead")

    def probability(source: str) -> float:
        lead = record["leads"][0] | {"source": source}
        item = GRANTED | {"record": record | {"leads": [lead]}, "as_of": "2026-01-01T00:00:00Z"}
        return post(client, "lead/score", item)["result"]["probability"]

    known = [probability(source) for source in ("search", "video")]
    for source in ("SEARCH", "Search ", "whatsapp"):
        assert min(known) - 1e-6 <= probability(source) <= max(known) + 1e-6


@pytest.mark.parametrize("task", ["lead", "response", "churn"])
@pytest.mark.parametrize("column", ["occurred_at", "recorded_at"])
def test_rows_that_lie_ahead_say_as_little_as_none(client: TestClient, task: str, column: str):
    row = {"occurred_at": "2026-01-01T00:00:00Z"} | {column: "2099-01-01T00:00:00Z"}
    item = {"record": {"leads" if task == "lead" else "members": [row]}, "consent": {"profiling": "granted"}}
    more = {"campaign_id": "c1"} if task == "response" else {}
    found = client.post(f"/v1/models/{task}/score", json=item | more).json()["result"]
    assert (found["status"], found["band"], found["recommended"]) == ("insufficient_input", None, False)
    assert {"code": "nothing_known"} in found["warnings"]
