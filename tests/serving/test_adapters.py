"""The routes for systems that sign their calls."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from time import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from released import client_of
from tokens import jwt

from serving.contract.problems import Problem
from serving.edge import signatures
from serving.edge.keys import SCOPES, KeyStore
from serving.settings import Settings
from serving.state import State

SECRET, URL, ACTION = "shared", "https://scores.example.com", "/v1/adapters/hubspot/action"
SFMC = "/v1/adapters/sfmc"


@pytest.fixture
def signed(state: State, monkeypatch: pytest.MonkeyPatch, tmp_path) -> TestClient:
    """A client of a service with both secrets set, and keys that the adapters' callers do not have."""
    for name in ("HUBSPOT_SECRET", "SFMC_SECRET"):
        monkeypatch.setenv(f"MEMBERLENS_{name}", SECRET)
    monkeypatch.setenv("MEMBERLENS_PUBLIC_URL", URL)
    own = State(Settings.model_validate(state.settings.model_dump() | {"state": tmp_path}), state.champions)
    KeyStore(own.settings.state_dir / "keys.json").issue("crm", SCOPES)
    return client_of(own)


def hubspot(
    client: TestClient, fields: Any, at: float | None = None, secret: str = SECRET, **more: str
) -> Any:
    body, sent = json.dumps({"inputFields": fields}), str(int((at or time()) * 1000))
    text = f"POST{URL}{ACTION}{body}{sent}".encode()
    mark = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
    headers = {"X-HubSpot-Signature-v3": mark, "X-HubSpot-Request-Timestamp": sent} | more
    return client.post(ACTION, content=body, headers=headers)


def test_a_signed_action_is_answered_flat(signed: TestClient):
    answer = hubspot(signed, {"model": "churn", "ref": "m5", "language": "zh"})
    found = answer.json()["outputFields"]
    assert (answer.status_code, found["status"]) == (200, "ok")
    assert not any(isinstance(value, dict | list) for value in found.values())
    assert not found["band_text"].isascii()


def test_an_action_with_a_wrong_or_old_signature_is_refused(signed: TestClient):
    fields = {"model": "churn", "ref": "m5"}
    wrong = [
        hubspot(signed, fields, secret="other"),
        hubspot(signed, fields, at=time() - 301),
        hubspot(signed, fields, at=time() + 301),
        hubspot(signed, fields, **{"X-HubSpot-Request-Timestamp": "now"}),
        signed.post(ACTION, json={"inputFields": fields}),
    ]
    assert [answer.json()["code"] for answer in wrong] == ["unauthenticated"] * len(wrong)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"model": "weather", "ref": "m5"}, 404, "unknown_model"),
        ({"model": ["churn"]}, 404, "unknown_model"),
        ({"model": "churn", "ref": "nobody"}, 404, "unknown_ref"),
        ({"model": "churn"}, 422, "validation_failed"),
        ([], 422, "validation_failed"),
    ],
)
def test_wrong_fields_are_refused_by_name(signed: TestClient, fields: Any, status: int, code: str):
    answer = hubspot(signed, fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("arguments", [5, True, None, "a", {"model": "churn"}, [5], [["ref"]]])
def test_arguments_that_are_no_list_of_objects_are_refused(signed: TestClient, arguments: Any):
    answer = signed.post(f"{SFMC}/execute", content=jwt({"inArguments": arguments}))
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


@pytest.mark.parametrize("name", ["execute", "save"])
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        (b'{"a": NaN}', "malformed_json"),
        (b'{"exp": 1e400}', "malformed_json"),
        (b'{"a": "\\ud800"}', "malformed_json"),
        (b"not JSON", "malformed_json"),
        (b'{"a": 1, "a": 2}', "validation_failed"),
    ],
)
def test_signed_claims_are_read_as_strictly_as_bodies(
    signed: TestClient, name: str, claims: bytes, code: str
):
    assert signed.post(f"{SFMC}/{name}", content=jwt(claims)).json()["code"] == code


def test_a_quota_is_used_up_by_signed_calls_alone(
    state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("MEMBERLENS_HUBSPOT_SECRET", SECRET)
    monkeypatch.setenv("MEMBERLENS_PUBLIC_URL", URL)
    given = {"state": tmp_path, "rate": {"requests": 2, "seconds": 3600}}
    client = client_of(State(Settings.model_validate(state.settings.model_dump() | given), state.champions))
    fields = {"model": "churn", "ref": "m5"}
    assert {hubspot(client, fields, secret="other").status_code for _ in range(5)} == {401}
    signed = [hubspot(client, fields) for _ in range(3)]
    assert [answer.status_code for answer in signed] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in signed] == ["1", "0", "0"]


def test_a_journey_is_answered(signed: TestClient):
    claims = {"inArguments": [{"model": "response", "ref": "m5"}, {"campaign_id": "c1"}], "activityId": "a"}
    found = signed.post(f"{SFMC}/execute", content=jwt(claims)).json()
    assert (found["status"], found["model"]) == ("ok", "response")
    for name in ("save", "publish", "validate", "stop"):
        assert signed.post(f"{SFMC}/{name}", content=jwt({"activityId": "a"})).json()["success"] is True
    config = signed.get(f"{SFMC}/config.json").json()
    assert config["arguments"]["execute"]["url"] == f"{URL}{SFMC}/execute"
    (schema,) = config["schema"].values()
    outputs = {name for entry in schema["execute"]["outArguments"] for name in entry}
    assert outputs <= found.keys()


def wrong_tokens() -> list[bytes]:
    """Bodies that nobody with the secret has signed for now, as of now."""
    return [
        b"", b"a.b", b"a.b.c", b"{}", b"\xff.\xff.\xff",
        jwt({}, secret="other"), jwt({}, algorithm="none"), jwt([]), jwt({"exp": 5}), jwt({"exp": "later"}),
        jwt({"exp": None}), jwt({"exp": True}), jwt(b'{"activityId": "a"}'), jwt({"exp": time() + 90_000}),
        jwt({"iat": time() + 900}), jwt({"nbf": time() + 900}), jwt({}, algorithm="HS512"),
        jwt({"nbf": 9e12}), jwt({}).rpartition(b".")[0] + b".",
    ]  # fmt: skip


@pytest.mark.parametrize("route", ["execute", "save", "stop"])
def test_a_journey_with_a_wrong_token_is_refused(signed: TestClient, route: str):
    for body in wrong_tokens():
        answer = signed.post(f"{SFMC}/{route}", content=body)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), body


def test_clocks_may_differ_by_a_minute(signed: TestClient):
    for claims in ({"exp": time() - 30}, {"iat": time() + 30}, {"nbf": time() + 30, "exp": time() + 80_000}):
        assert signed.post(f"{SFMC}/stop", content=jwt(claims)).status_code == 200, claims


def test_adapters_that_are_not_set_up_are_not_there(client: TestClient):
    assert hubspot(client, {}).status_code == 404
    assert client.get(f"{SFMC}/config.json").status_code == 404
    for name in ("execute", "save", "publish", "validate", "stop"):
        assert client.post(f"{SFMC}/{name}", content=jwt({})).status_code == 404


def test_a_secret_of_other_letters_is_no_failure():
    with pytest.raises(Problem):
        signatures.hubspot("s", "POST", URL, b"", "签", "１２", 0.0)
