"""Explanations, stored scores, portraits and outcomes."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import Brand, at, client_of, finite, jobs_of

from serving.ledger import outcomes
from serving.settings import Experiment, Settings
from serving.state import State

CHURN = "/v1/models/churn"


@pytest.mark.parametrize("number", range(5, 10))
def test_contributions_add_up_to_the_probability(client: TestClient, number: int):
    found = client.post(f"{CHURN}/explain", json={"ref": f"m{number}"}).json()["result"]
    log_odds = found["base"] + sum(part["contribution"] for part in found["contributions"])
    assert log_odds == pytest.approx(found["log_odds"], abs=1e-3)
    assert 1 / (1 + np.exp(-found["log_odds"])) == pytest.approx(found["probability"], abs=1e-5)
    assert finite(found)


def test_who_is_suppressed_is_not_explained(client: TestClient):
    found = client.post(f"{CHURN}/explain", json={"ref": "m0"}).json()["result"]
    assert (found["status"], "contributions" in found) == ("suppressed", False)


def test_an_explanation_leaves_a_line_without_the_id(client: TestClient, state: State):
    client.post(f"{CHURN}/explain", json={"ref": "m5"}, headers={"x-request-id": "audited"})
    with jobs_of(state.settings).database.use() as connection:
        rows = [dict(row) for row in connection.execute("SELECT * FROM audit WHERE request_id = 'audited'")]
    assert [row["what"] for row in rows] == ["explain"]
    assert "m5" not in json.dumps(rows)


def test_a_stored_score_is_the_score_and_may_be_kept(brand: Brand, state: State):
    client = at(brand, state, hours=1)
    answer = client.get(f"{CHURN}/lookup", params={"ref": "m5"})
    score = client.post(f"{CHURN}/score", json={"ref": "m5"}).json()["result"]
    assert answer.json()["result"]["probability"] == score["probability"]
    assert answer.headers["cache-control"] == "private, no-cache"
    again = client.get(
        f"{CHURN}/lookup", params={"ref": "m5"}, headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(
        f"{CHURN}/lookup", params={"ref": "m6"}, headers={"if-none-match": answer.headers["etag"]}
    )
    assert other.status_code == 200
    unknown = client.get(f"{CHURN}/lookup", params={"ref": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_ref")


def test_an_outcome_counts_once(client: TestClient, state: State):
    one = {"event_id": "e1", "ref": "m5", "kind": "answered", "occurred_at": "2026-07-02T09:30:00+08:00"}
    mine = client.post(f"{CHURN}/score", json={"ref": "m5"}).json()["result"]["score_id"]
    now = datetime.now(UTC).isoformat()
    other = one | {"event_id": "e2", "score_id": mine, "occurred_at": now, "value_cents": 4200}
    first = client.post("/v1/outcomes", json={"outcomes": [one, one, other]}).json()
    second = client.post("/v1/outcomes", json={"outcomes": [one]}).json()
    assert (first["accepted"], first["duplicates"]) == (2, 1)
    assert (second["accepted"], second["duplicates"]) == (0, 1)
    kept = outcomes.read(jobs_of(state.settings).database).filter(pl.col("event_id").is_in(["e1", "e2"]))
    assert kept.sort("event_id")["occurred"][0] == "2026-07-02T01:30:00+00:00"
    assert kept.sort("event_id")["value_cents"].to_list() == [None, 4200]


def test_an_outcome_without_a_subject_is_refused(client: TestClient):
    one = {"event_id": "e1", "kind": "answered", "occurred_at": "2026-07-02T09:30:00Z"}
    answer = client.post("/v1/outcomes", json={"outcomes": [one]})
    assert answer.json()["errors"][0]["pointer"] == "/outcomes/0"


def test_a_portrait_needs_to_be_published_and_allowed(client: TestClient, brand: Brand):
    assert client.post("/v1/members/portrait", json={"ref": "m5"}).json()["code"] == "unknown_ref"
    folder = brand.settings.build_dir / "portrait"
    folder.mkdir()
    rows = pl.DataFrame(
        {"member_id": ["m6", "m5", "m0"], "stage": ["new", "mature", "lost"], "share": [0.1, None, 0.3]}
    )
    rows.write_parquet(folder / "portrait.parquet")
    found = client.post("/v1/members/portrait", json={"ref": "m5"}).json()["result"]
    assert found == {"status": "ok", "tags": {"stage": "mature", "share": None}}
    refused = client.post("/v1/members/portrait", json={"ref": "m0"}).json()["result"]
    assert refused == {"status": "suppressed", "suppression_reason": "profiling_refused"}
    assert client.post("/v1/members/portrait", json={"ref": "m7"}).json()["code"] == "unknown_ref"


def test_the_arm_is_the_same_by_reference_and_by_record(brand: Brand, state: State, tmp_path: Path):
    experiment = Experiment(name="spring", salt="secret", control_share=0.5)
    settings = Settings.model_validate(
        brand.settings.model_dump() | {"home": tmp_path, "experiment": experiment}
    )
    client = client_of(State(settings, champions=state.champions))
    arms = []
    for number in range(5, 20):
        asks = ({"ref": f"m{number}"}, brand.ask(f"m{number}", "churn"), {"ref": f"m{number}"})
        found = [client.post(f"{CHURN}/score", json=ask).json()["result"]["experiment_arm"] for ask in asks]
        assert len(set(found)) == 1
        arms.append(found[0])
    assert set(arms) == {"treat", "control"}
