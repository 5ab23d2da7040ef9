"""What campaign systems need beside a score: their language, flat answers, packed bodies, ends that end."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import Brand, client_of, jobs_of

from serving.champion.known_subjects import Everyone
from serving.settings import Settings
from serving.state import State
from serving.worker import Work

ZH = {"Accept-Language": "zh-CN,zh;q=0.9"}
ASKED = {"lead": {"ref": "l5"}, "churn": {"ref": "m5"}, "response": {"ref": "m5", "campaign_id": "c1"}}


def lookup(client: TestClient, task: str, method: str = "GET", **more: Any) -> Any:
    path, asking = f"/v1/models/{task}/lookup", ASKED[task] | more
    if method == "POST":
        return client.post(path, json=asking)
    return client.request(method, path, params=asking)


@pytest.mark.parametrize("task", ASKED)
def test_the_stored_score_is_the_same_by_get_and_post(client: TestClient, task: str):
    by_get = lookup(client, task, language="zh", reasons=1).json()["result"]
    by_post = lookup(client, task, "POST", language="zh", reasons=1).json()["result"]
    passing = {"score_id": 0, "scored_at": 0}
    assert by_get | passing == by_post | passing
    assert len(by_get["reasons"]) == 1
    assert not by_get["reasons"][0]["text"].isascii()


@pytest.mark.parametrize("task", ASKED)
def test_head_says_what_get_says(client: TestClient, task: str):
    head, get = lookup(client, task, "HEAD"), lookup(client, task)
    assert (head.status_code, head.headers["etag"]) == (200, get.headers["etag"])


def test_head_is_there_wherever_get_is(client: TestClient, state: State):
    paths = client.get("/v1/openapi.json").json()["paths"]
    plain = [path for path, methods in paths.items() if "get" in methods and "{" not in path]
    assert len(plain) >= 6
    for path in (
        *plain,
        "/v1/docs",
        "/v1/openapi.json",
        "/livez",
        "/v1/jobs/none",
        "/v1/scores/none",
        "/none",
    ):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers["content-type"] == get.headers["content-type"], path
    assert 'method="HEAD",route="/v1/models/churn/lookup"' in state.metrics.text().decode()
    assert client.head("/v1/models/churn/score").status_code == 405


def test_a_parameter_that_stands_twice_is_refused(client: TestClient):
    for query in ("ref=m5&ref=m6", "ref=m5&language=zh&language=en", "ref=m5&x=1&x=2", "ref=m5&~=1&~=2"):
        answer = client.get(f"/v1/models/churn/lookup?{query}").json()
        name = query.rpartition("&")[2].partition("=")[0].replace("~", "?")
        found = [(fault["pointer"], fault["code"]) for fault in answer["errors"]]
        assert (answer["code"], found) == ("validation_failed", [(f"/query/{name}", "duplicate_key")])


def test_an_answer_that_the_caller_has_is_not_sent_again(client: TestClient):
    tag = lookup(client, "churn").headers["etag"]
    for sent, status in (
        (tag, 304), (f'"other", {tag}', 304), ("*", 304), (tag.removeprefix("W/"), 304), ('"other"', 200),
    ):  # fmt: skip
        path = "/v1/models/churn/lookup?ref=m5"
        assert client.get(path, headers={"If-None-Match": sent}).status_code == status


@pytest.mark.parametrize("task", ASKED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_flat_answer_has_one_level_and_the_same_numbers(client: TestClient, task: str, method: str):
    full = lookup(client, task, method).json()["result"]
    found = lookup(client, task, method, flat="1").json()
    assert not any(isinstance(value, dict | list) for value in found.values())
    assert {key: found[key] for key in ("probability", "band", "score")} == {
        key: full[key] for key in ("probability", "band", "score")
    }
    assert found["reason_1"] == full["reasons"][0]["text"]


def test_words_follow_the_callers_language_unless_the_item_names_one(client: TestClient):
    def texts(answer: Any) -> list[str]:
        result = answer.json()["result"]
        return [result["band_text"], *(reason["text"] for reason in result["reasons"])]

    path, item = "/v1/models/churn/score", {"ref": "m5"}
    assert not any(text.isascii() for text in texts(client.post(path, json=item, headers=ZH)))
    own = item | {"options": {"language": "en"}}
    assert all(text.isascii() for text in texts(client.post(path, json=own, headers=ZH)))
    bulk = client.post("/v1/models/churn/scores", json={"items": [item, own]}, headers=ZH).json()["results"]
    assert [one["band_text"].isascii() for one in bulk] == [False, True]


def test_the_mark_of_a_wrong_item_comes_back(client: TestClient):
    items = [{"record_id": "mine", "ref": 5}, {"record_id": 7, "ref": "m5"}, {"record_id": "x", "ref": "m5"}]
    found = client.post("/v1/models/churn/scores", json={"items": items}).json()["results"]
    assert [one["record_id"] for one in found] == ["mine", None, "x"]
    assert [one["status"] for one in found] == ["error", "error", "ok"]


@pytest.mark.parametrize(
    ("method", "path", "pointer"),
    [
        ("GET", "/v1/models/churn/lookup", "/query/ref"),
        ("GET", "/v1/models/churn/lookup?ref=m5&reasons=9", "/query/reasons"),
        ("GET", "/v1/models/response/lookup?ref=m5", "/query/campaign_id"),
        ("GET", "/v1/jobs/x/results?cursor=-1", "/query/cursor"),
        ("POST", "/v1/jobs", "/header/Idempotency-Key"),
    ],
)
def test_a_wrong_parameter_is_named(client: TestClient, method: str, path: str, pointer: str):
    answer = client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_who_is_known_and_not_asked_about_is_not_unknown(state: State, tmp_path: Path):
    pl.DataFrame({"member_id": ["m5", "gone", None]}).write_parquet(tmp_path / "members.parquet")
    churn = replace(state.champions["churn"], everyone=Everyone.of_tables(tmp_path, "member_id"))
    client = client_of(State(state.settings, {"churn": churn}))
    codes = [
        client.post("/v1/models/churn/score", json={"ref": ref}).json()["code"]
        for ref in ("gone", "nobody", "~", "")
    ]
    assert codes == ["inactive_ref", "unknown_ref", "unknown_ref", "validation_failed"]


def test_what_is_not_read_is_warned_about(client: TestClient, brand: Brand):
    found = client.get("/v1/models/churn/lookup?ref=m5&langauge=zh&13800138000=1").json()
    assert found["warnings"] == [{"code": "unknown_parameter", "parameters": ["?", "langauge"]}]
    assert "warnings" not in client.get("/v1/models/churn/lookup?ref=m5&language=zh").json()
    item = brand.ask("m5", "churn")
    item["record"]["members"][0] |= {"x_colour": "red"}
    told = client.post("/v1/models/churn/score", json=item).json()["result"]["warnings"]
    (foreign,) = [warning["attributes"] for warning in told if warning["code"] == "unknown_attribute"]
    assert "members.x_colour" in foreign
    assert "members.x_income" not in foreign


@pytest.mark.parametrize("ended", ["cancelled", "failed"])
def test_the_results_of_a_job_end_when_it_has_ended(state: State, brand: Brand, tmp_path, ended: str):
    own = State(Settings.model_validate(brand.settings.model_dump() | {"state": tmp_path}), state.champions)
    jobs = jobs_of(own.settings)
    client = client_of(own, jobs)
    items = [{"ref": "m5"}] * 1_200
    made = client.post("/v1/jobs", json={"model": "churn", "items": items}, headers={"Idempotency-Key": "a"})
    job = made.json()["job"]["id"]
    assert client.get(f"/v1/jobs/{job}/results").json()["next_cursor"] == 0
    assert Work(own, jobs).step()
    with jobs.database.use() as connection:
        connection.execute("UPDATE jobs SET status = ? WHERE id = ?", (ended, job))
    cursor, seen, pages = 0, 0, 0
    while cursor is not None and pages < 10:
        page = client.get(f"/v1/jobs/{job}/results?cursor={cursor}&limit=200").json()
        cursor, seen, pages = page["next_cursor"], seen + len(page["results"]), pages + 1
    assert (cursor, seen) == (None, 500)


GZIP = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


def test_packed_bodies_are_read_and_long_answers_packed(client: TestClient):
    body = json.dumps({"items": [{"ref": "m5"}] * 50}).encode()
    answer = client.post("/v1/models/churn/scores", content=gzip.compress(body), headers=GZIP)
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert answer.json()["summary"]["ok"] == 50
    plain = client.post(
        "/v1/models/churn/scores", content=body, headers={**GZIP, "Content-Encoding": "identity"}
    )
    assert plain.json()["summary"] == answer.json()["summary"]


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (gzip.compress(b" " * 50_000_000, mtime=0), "gzip", 413, "body_too_large"),
        (b"{}", "gzip", 400, "malformed_json"),
        (gzip.compress(b'{"ref": "m5"}', mtime=0)[:-9], "gzip", 400, "malformed_json"),
        (b"{}", "br", 415, "unsupported_media_type"),
    ],
)
def test_a_packed_body_that_cannot_be_read_is_refused(
    client: TestClient, body: bytes, encoding: str, status: int, code: str
):
    headers = GZIP | {"Content-Encoding": encoding}
    answer = client.post("/v1/models/churn/score", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_ranking_of_one_who_must_not_be_scored_says_so_on_top(client: TestClient):
    asking = {"ref": "m0", "campaigns": [{"campaign_id": "c1"}, {"campaign_id": "c2"}]}
    found = client.post("/v1/models/response/rank", json=asking).json()["result"]
    assert (found["status"], found["suppression_reason"]) == ("suppressed", "profiling_refused")
    assert found["choice"] is None
    good = client.post("/v1/models/response/rank", json=asking | {"ref": "m5"}).json()["result"]
    assert good["status"] == "ok"
