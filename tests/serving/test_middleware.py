"""What stands around the routes: keys, scopes, quotas, limits, deadlines, marks, logs."""

import base64
import json
import logging
import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from released import Brand, client_of

from serving.answering import answers
from serving.edge.keys import KeyStore
from serving.settings import Limits, Rate, Settings
from serving.state import State

CHURN = "/v1/models/churn/score"


def over(brand: Brand, state: State, home: Path, **settings: object) -> TestClient:
    """A client of the same models under other settings, with a state folder of its own."""
    changed = Settings.model_validate(brand.settings.model_dump() | {"home": home, **settings})
    own = State(changed, champions=state.champions)
    return client_of(own)


def issue(home: Path, *scopes: str) -> str:
    return KeyStore(home / "build/serving/keys.json").issue("crm", scopes)


def test_with_the_first_key_every_call_needs_one(brand: Brand, state: State, tmp_path: Path):
    client = over(brand, state, tmp_path)
    assert client.post(CHURN, json={"ref": "m5"}).status_code == 200
    key = issue(tmp_path, "score:read")
    refused = client.post(CHURN, json={"ref": "m5"})
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    basic = base64.b64encode(f"braze:{key}".encode()).decode()
    for header in (
        {"authorization": f"Bearer {key}"},
        {"x-api-key": key},
        {"authorization": f"Basic {basic}"},
    ):
        assert client.post(CHURN, json={"ref": "m5"}, headers=header).status_code == 200
    for header in ({"authorization": "Bearer ml.a.b"}, {"x-api-key": ""}, {"authorization": "Basic %%%"}):
        assert client.post(CHURN, json={"ref": "m5"}, headers=header).status_code == 401
    assert client.get("/readyz").status_code == 200


def test_a_revoked_key_and_a_missing_scope_do_not_pass(brand: Brand, state: State, tmp_path: Path):
    client, store = over(brand, state, tmp_path), KeyStore(tmp_path / "build/serving/keys.json")
    key = issue(tmp_path, "score:read")
    header = {"x-api-key": key}
    bulk = client.post("/v1/models/churn/scores", json={"items": [{"ref": "m5"}]}, headers=header)
    assert (bulk.status_code, bulk.json()["code"]) == (403, "scope_missing")
    store.revoke(key.split(".")[1])
    assert client.post(CHURN, json={"ref": "m5"}, headers=header).status_code == 401


def test_without_a_key_nobody_from_elsewhere_gets_in(brand: Brand, state: State, tmp_path: Path):
    client = over(brand, state, tmp_path)
    assert client.post(CHURN, json={"ref": "m5"}, headers={"x-forwarded-for": "10.0.0.1"}).status_code == 401
    closed = over(brand, state, tmp_path, without_key="nobody")
    assert closed.post(CHURN, json={"ref": "m5"}).status_code == 401


def test_a_quota_is_told_and_kept(brand: Brand, state: State, tmp_path: Path):
    client = over(brand, state, tmp_path, rate=Rate(requests=3, seconds=3600))
    found = [client.post(CHURN, json={"ref": "m5"}) for _ in range(5)]
    assert [answer.status_code for answer in found] == [200, 200, 200, 429, 429]
    assert found[0].headers["ratelimit-remaining"] == "2"
    assert found[0].headers["ratelimit-policy"] == "3;w=3600"
    assert int(found[3].headers["retry-after"]) > 0
    assert found[3].json()["retryable"] is True


def test_a_body_that_is_too_long_is_refused(brand: Brand, state: State, tmp_path: Path):
    client = over(brand, state, tmp_path, limits=Limits(body_bytes=2000))
    answer = client.post(CHURN, json={"ref": "m5", "record_id": "a" * 3000})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    many = client.post("/v1/models/churn/scores", json={"items": [{}] * 501})
    assert (many.status_code, many.json()["code"]) == (413, "too_many_records")


def test_the_deadline_does_not_wait_for_the_work(
    brand: Brand, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free = threading.Event()
    monkeypatch.setattr(answers, "outcomes", lambda *_: free.wait(60))
    client = over(brand, state, tmp_path, limits=Limits(seconds=0.1))
    answer = client.post(CHURN, json={"record": {}})
    free.set()  # only now does the work end
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize(("where", "item"), [("at_once", {"ref": "m5"}), ("outcomes", {"record": {}})])
def test_a_failure_inside_is_a_problem_and_says_nothing(
    brand: Brand, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, item: dict
):
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(answers, where, fail)
    answer = over(brand, state, tmp_path).post(CHURN, json=item)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text


def test_marks_are_taken_over_where_they_are_plain(client: TestClient):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = client.get("/v1/models", headers={"x-request-id": "abc-1", "traceparent": trace})
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == ("abc-1", "abc-1")
    assert answer.headers["traceparent"] == trace
    strange = client.get("/v1/models", headers={"x-request-id": "a b<script>", "traceparent": "x"})
    assert "script" not in strange.headers["x-request-id"]
    assert "traceparent" not in strange.headers


def test_no_id_is_in_logs_and_metrics(client: TestClient, brand: Brand, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "memberlens"):
        client.post(CHURN, json={"ref": "m5", "record_id": "mine"})
        client.post(CHURN, json=brand.ask("m6", "churn"))
        client.post(CHURN, json={"ref": "nobody-knows"})
        client.get("/v1/models/churn/m5")
    text = client.get("/metrics").text + caplog.text
    for mark in ("m5", "m6", "mine", "nobody-knows"):
        assert f'"{mark}"' not in text
        assert mark not in [word.strip('",:') for word in caplog.text.split()]
    line = json.loads(caplog.records[0].getMessage())
    assert (line["route"], line["status"], line["model"]) == ("/v1/models/churn/score", 200, "churn/1")


def test_metrics_count_what_was_answered(brand: Brand, state: State, tmp_path: Path):
    client = over(brand, state, tmp_path)
    for ref in ("m5", "m6", "m0", "nobody"):
        client.post(CHURN, json={"ref": ref})
    text = client.get("/metrics").text
    for line in (
        'memberlens_score_requests_total{client="this-machine",model="churn",status="ok",version="1"} 2.0',
        'memberlens_suppressed_total{model="churn",reason="profiling_refused"} 1.0',
        'method="POST",route="/v1/models/churn/score",status="404"} 1.0',
        'memberlens_score_value_count{model="churn",version="1"} 2.0',
    ):
        assert line in text
