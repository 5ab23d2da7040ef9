"""What is no JSON is refused by every operation, wherever in the body it stands."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from released import Brand

from serving.contract.problems import Problem
from serving.edge.strict_json import check, content

NUMBERS = ("NaN", "Infinity", "-Infinity", "1e400", "-1E+999", "1" + "0" * 400, "1" + "0" * 400 + ".5")
TEXTS = (r'"\ud800"', r'"a\udc00b"', '"\x00"', '"a\nb"')
BYTES = (b'"\xed\xa0\x80"', b'"\xff"', b"[" * 5000, b"", b"{", b"\xef\xbb\xbf{}")
RECORD = {"members": [{"member_id": "m5", "occurred_at": "2025-01-01T00:00:00Z", "x_income": "HERE"}]}
ITEM = {"record": RECORD, "consent": {"profiling": "granted"}}
BODIES: dict[str, Any] = {
    "/v1/models/{model}/score": ITEM,
    "/v1/models/{model}/scores": {"items": [{"ref": "m5"}, ITEM]},
    "/v1/models/{model}/explain": ITEM,
    "/v1/models/response/rank": ITEM | {"campaigns": [{"campaign_id": "c1"}], "at_least": "HERE"},
    "/v1/jobs": {"model": "churn", "items": [ITEM]},
    "/v1/outcomes": {"outcomes": [{"event_id": "e", "ref": "HERE", "kind": "opened", "value_cents": "HERE"}]},
    "/v1/members/portrait": {"ref": "HERE"},
}  # fmt: skip
HEADERS = {"content-type": "application/json", "idempotency-key": "strict"}


def operations(client: TestClient) -> Iterator[tuple[str, Any]]:
    """Every operation that takes a body, with a body that has the word HERE in it."""
    for path, methods in client.get("/v1/openapi.json").json()["paths"].items():
        if "requestBody" in methods.get("post", {}):
            model = next((task for task in ("lead", "response", "churn") if f"/{task}/" in path), "")
            known = path if path in BODIES else path.replace(model, "{model}")
            yield path, BODIES.get(known, {"HERE": "HERE"})


@pytest.mark.parametrize("bad", [*(word.encode() for word in (*NUMBERS, *TEXTS)), *BYTES])
def test_every_operation_refuses_what_is_no_json(client: TestClient, bad: bytes):
    found = list(operations(client))
    assert len(found) >= 12
    for path, body in found:
        raw = json.dumps(body).encode().replace(b'"HERE"', bad)
        for sent in (raw, bad):
            answer = client.post(path, content=sent, headers=HEADERS)
            assert answer.status_code in (400, 422), (path, sent[:80], answer.text[:200])
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("bad", [word.encode() for word in (*NUMBERS, *TEXTS)])
def test_lines_of_a_job_are_as_strict(client: TestClient, bad: bytes):
    lines = b'{"ref": "m5"}\n{"record": {"members": [{"x_income": ' + bad + b"}]}}\n"
    headers = HEADERS | {"content-type": "application/x-ndjson"}
    answer = client.post("/v1/jobs?model=churn", content=lines, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


def test_the_same_words_inside_texts_are_texts(client: TestClient, brand: Brand):
    for word in ("NaN", "Infinity", "1e400", "9" * 190):
        answer = client.post("/v1/models/churn/score", json={"ref": "m5", "record_id": word})
        assert (answer.status_code, answer.json()["result"]["record_id"]) == (200, word)


@pytest.mark.parametrize("query", ["limit=NaN", "limit=1e400", "cursor=Infinity", "cursor=" + "9" * 400])
def test_numbers_of_a_query_too(client: TestClient, query: str):
    assert client.get(f"/v1/jobs/some/results?{query}").status_code == 422


@pytest.mark.parametrize("place", ["?ref=%ED%A0%80", "?ref=%00", "?ref=%FF"])
def test_half_characters_of_a_query_are_no_failure(client: TestClient, place: str):
    assert client.get("/v1/models/churn/lookup" + place).status_code in (404, 422)


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Request-ID", "Accept-Language", "traceparent"])
def test_odd_bytes_in_a_header_are_no_failure(client: TestClient, name: str):
    body = b'{"model": "churn", "items": [{"ref": "m5"}]}'
    given = {k: v.encode() for k, v in HEADERS.items()} | {name.lower(): b"\xed\xa0\x80\xff"}
    answer = client.post("/v1/jobs", content=body, headers=[(k.encode(), v) for k, v in given.items()])
    assert answer.status_code < 500


def test_a_line_that_is_json_is_read_as_it_stands():
    assert content(b'{"a": [1, 2.5, null, "NaN"]}') == {"a": [1, 2.5, None, "NaN"]}
    check(b'{"a": 1e300, "b": 1e-400}')
    with pytest.raises(Problem):
        check(b'{"a": 1e309}')
