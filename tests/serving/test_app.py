"""The public routes: what is asked, what is answered, what is refused."""

import json
import re
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import Brand, finite

from models.fitted.release_format import SIGNATURES

TASKS = ("lead", "response", "churn", "recall")
ITEMS = {
    "lead": {"ref": "l5"},
    "response": {"ref": "m5", "campaign_id": "c1"},
    "churn": {"ref": "m5"},
    "recall": {"ref": "m5"},
}

MORE = {
    "lead": ("expected_value", "value_per_cost"),
    "response": ("uplift",),
    "churn": ("expected_value", "value_at_risk"),
    "recall": ("expected_value",),
}


def post(client: TestClient, task: str, item: object, route: str = "score") -> object:
    return client.post(f"/v1/models/{task}/{route}", json=item)


@pytest.mark.parametrize("task", TASKS)
def test_a_reference_is_answered_in_full(client: TestClient, task: str):
    answer = post(client, task, ITEMS[task] | {"record_id": "mine"}).json()
    result = answer["result"]
    assert (result["status"], result["record_id"], answer["model"]["version"]) == ("ok", "mine", "1")
    assert 0 < result["probability"] < 1
    assert 0 <= result["percentile"] <= 100
    assert 1 <= result["score"] <= 99
    assert 1 <= len(result["reasons"]) <= 3
    assert finite(answer)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("number", range(5, 15))
def test_a_record_is_scored_as_the_batch_scores_it(client: TestClient, brand: Brand, task: str, number: int):
    subject = ("l" if task == "lead" else "m") + str(number)
    by_ref = post(client, task, ITEMS[task] | {"ref": subject}).json()["result"]
    by_record = post(client, task, brand.ask(subject, task)).json()["result"]
    assert by_record["probability"] == pytest.approx(by_ref["probability"], abs=1e-6)
    told = ("percentile", "score", "band", "reasons", "features_as_of")
    assert {key: by_record[key] for key in told} == {key: by_ref[key] for key in told}
    for key in MORE[task]:
        assert by_record[key] == pytest.approx(by_ref[key], abs=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_bulk_gives_the_single_answers_in_order(client: TestClient, brand: Brand, task: str):
    first = "l" if task == "lead" else "m"
    items = [
        item
        for number in range(5, 9)
        for item in (
            ITEMS[task] | {"ref": f"{first}{number}"},
            brand.ask(f"{first}{number}", task),
            {"ref": "nobody"} | ({"campaign_id": "c1"} if task == "response" else {}),
        )
    ]
    answer = post(client, task, {"items": items}, "scores").json()
    assert answer["summary"] == {
        "ok": 8,
        "insufficient_input": 0,
        "outside_population": 0,
        "suppressed": 0,
        "error": 4,
    }
    for item, found in zip(items, answer["results"], strict=True):
        single = post(client, task, item).json()
        if found["status"] == "error":
            assert (found["error"]["code"], single["code"]) == ("unknown_ref", "unknown_ref")
        else:
            assert {**found, "score_id": 0, "scored_at": 0, "valid_until": 0} == {
                **single["result"],
                "score_id": 0,
                "scored_at": 0,
                "valid_until": 0,
            }


@pytest.mark.parametrize("task", TASKS)
def test_money_and_uplift_are_those_of_the_batch_and_nothing_is_told_that_the_model_has_not(
    client: TestClient, brand: Brand, task: str
):
    batch = pl.read_parquet(brand.settings.build_dir / task / "scores.parquet")
    subject = ITEMS[task]["ref"]
    row = batch.filter(pl.col("subject_id") == subject).row(0, named=True)
    result = post(client, task, ITEMS[task]).json()["result"]
    for key in MORE[task]:
        assert result[key] == pytest.approx(row[key], abs=1e-6)
    others = {key for keys in MORE.values() for key in keys} - set(MORE[task])
    assert not others & result.keys()
    assert result.get("currency") == (None if task == "response" else "CNY")
    scores = client.get(f"/v1/models/{task}").json()["model"]["scores"]
    assert {*MORE[task]} <= scores.keys()


@pytest.mark.parametrize(
    ("subject", "reason"),
    [("m0", "profiling_refused"), ("m2", "deceased"), ("m3", "minor"), ("m4", "do_not_contact")],
)
@pytest.mark.parametrize("form", ["ref", "record"])
def test_who_must_not_be_scored_is_suppressed(
    client: TestClient, brand: Brand, subject: str, reason: str, form: str
):
    item = {"ref": subject} if form == "ref" else brand.ask(subject, "churn")
    answer = post(client, "churn", item)
    result = answer.json()["result"]
    assert (answer.status_code, result["status"], result["suppression_reason"]) == (200, "suppressed", reason)
    assert not {"probability", "score", "band", "reasons"} & result.keys()


def test_the_newest_word_about_consent_counts(client: TestClient):
    def member(day: int, **said: str) -> dict:
        return {"occurred_at": f"2026-01-{day:02}T00:00:00Z", **said}

    yes, no = {"consent_profiling": "granted"}, {"consent_profiling": "withdrawn"}
    for rows, status in (
        ([member(1, **no), member(2, **yes)], "ok"),
        ([member(2, **no), member(1, **yes)], "suppressed"),
        ([member(1, **no), member(2, region="north")], "suppressed"),
    ):
        answer = post(client, "churn", {"record": {"members": rows}})
        assert answer.json()["result"]["status"] == status


def test_a_refusal_by_the_caller_counts_too(client: TestClient):
    result = post(client, "churn", {"ref": "m5", "consent": {"profiling": "withdrawn"}}).json()["result"]
    assert (result["status"], result["suppression_reason"]) == ("suppressed", "profiling_refused")


def test_reasons_come_in_the_language_asked_for(client: TestClient):
    texts = {
        language: post(client, "churn", {"ref": "m5", "options": {"language": language}}).json()["result"][
            "reasons"
        ][0]["text"]
        for language in ("en", "zh-CN")
    }
    assert texts["en"].isascii()
    assert not texts["zh-CN"].isascii()


THEN = {"occurred_at": "2026-01-01T00:00:00Z"}
REFUSED = [
    ("churn", {}, 422, "validation_failed", ""),
    ("churn", {"ref": "m5", "record": {}}, 422, "validation_failed", ""),
    ("churn", {"ref": 5}, 422, "validation_failed", "/ref"),
    ("churn", {"ref": "m5", "colour": 1}, 422, "validation_failed", "/colour"),
    ("churn", {"ref": "m5", "campaign_id": "c1"}, 422, "validation_failed", "/campaign_id"),
    ("response", {"ref": "m5"}, 422, "validation_failed", ""),
    ("response", {"record": {}, "campaign_id": "nothing"}, 404, "unknown_campaign", None),
    ("churn", {"ref": "nobody"}, 404, "unknown_ref", None),
    ("weather", {"ref": "m5"}, 404, "unknown_model", None),
    ("lapse", {"ref": "m5"}, 404, "unknown_model", None),
]
BAD_ROWS = [
    ("purchases", [{"order_id": "o"}], "/record/purchases/0/occurred_at"),
    (
        "purchases",
        [THEN | {"order_id": "o", "quantity": -1, "unit_price_cents": 5}],
        "/record/purchases/0/quantity",
    ),
    ("members", [THEN | {"member_id": "a", "x_income": "much"}], "/record/members/0/x_income"),
    ("members", [THEN | {"member_id": "a"}, THEN | {"member_id": "b"}], "/record/members/1/member_id"),
    ("members", [{"member_id": "a", "occurred_at": "2026-01-01"}], "/record/members/0/occurred_at"),
    ("members", [THEN | {"birth_year": 1700}], "/record/members/0/birth_year"),
    ("events", [THEN | {"channel": "pigeon", "kind": "visit"}], "/record/events/0/channel"),
    ("products", [{"product_id": "p"}, {"product_id": "p"}], "/record/products/1/product_id"),
]


@pytest.mark.parametrize(("task", "body", "status", "code", "pointer"), REFUSED)
def test_what_is_refused_is_named(
    client: TestClient, task: str, body: object, status: int, code: str, pointer: str | None
):
    answer = post(client, task, body)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer is None or pointer in [fault["pointer"] for fault in problem["errors"]]


@pytest.mark.parametrize(("table", "rows", "pointer"), BAD_ROWS)
def test_a_bad_row_is_refused_and_its_field_is_named(
    client: TestClient, table: str, rows: list, pointer: str
):
    answer = post(client, "churn", {"record": {table: rows}})
    assert answer.status_code == 422
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]


def test_what_is_no_json_is_said_so(client: TestClient):
    url = "/v1/models/churn/score"
    kind = {"content-type": "application/json"}
    assert client.post(url, content=b"{", headers=kind).json()["code"] == "malformed_json"
    assert client.post(url, content=b"[" * 100_000, headers=kind).json()["code"] == "malformed_json"
    assert client.post(url, content=b"a=1").json()["code"] == "unsupported_media_type"
    assert client.get(url).json()["code"] == "method_not_allowed"
    assert client.get("/v1/nothing").json()["code"] == "not_found"


def test_nothing_that_was_sent_comes_back_in_an_error(client: TestClient):
    secret = "13800138000"
    bodies = (
        {"ref": secret},
        {"ref": "m5", secret: secret},
        {"record": {"leads": [{"lead_id": secret, "cost_cents": secret}]}},
    )
    for body in bodies:
        assert secret not in post(client, "lead", body).text


def test_titles_come_in_the_callers_language(client: TestClient):
    answer = client.post("/v1/models/churn/score", json={}, headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert answer.json()["title"] == "请求不符合约定"


def test_models_tell_what_they_are(client: TestClient):
    listed = client.get("/v1/models").json()["models"]
    assert sorted(model["name"] for model in listed) == sorted(TASKS)
    card = client.get("/v1/models/churn").json()["model"]
    assert [band["name"] for band in card["bands"]] == ["high", "medium", "low"]
    assert card["snapshot"]["rows"] == 40


def test_models_tell_what_people_decided_about_their_report(client: TestClient, brand: Brand):
    path = brand.settings.build_dir / "churn" / SIGNATURES
    row = {
        "role": "validator",
        "by": "V. Alidator",
        "conditions": [],
        "signed": "2026-06-01",
        "report": "0" * 64,
    }

    def told(*rows: dict[str, object]) -> dict[str, Any]:
        path.write_text(json.dumps([row | {"expires": "2999-01-01"} | one for one in rows]))
        listed = {one["name"]: one["approval"] for one in client.get("/v1/models").json()["models"]}
        assert client.get("/v1/models/churn").json()["model"]["approval"] == listed["churn"]
        assert listed["lead"] == {"word": "unsigned", "decisions": []}
        return listed["churn"]

    try:
        assert told()["word"] == "unsigned"
        found = told({"decision": "approve_with_conditions", "conditions": ["only in the north"]})
        assert found["word"] == "conditions"
        assert found["decisions"][0]["by"] == "V. Alidator"
        assert found["decisions"][0]["conditions"] == ["only in the north"]
        assert told({"decision": "approve", "expires": "2026-06-02"})["word"] == "unsigned"  # it has ended
        assert told({"decision": "reject", "report": "1" * 64})["word"] == "unsigned"  # another report
        assert told({"decision": "approve"}, {"decision": "reject"})["word"] == "rejected"
        path.write_text("[{")
        assert client.get("/v1/models/churn").json()["model"]["approval"]["word"] == "unknown"
    finally:
        path.unlink()


def test_the_openapi_document_holds_together(client: TestClient):
    document = client.get("/v1/openapi.json").json()
    names = set(document["components"]["schemas"])
    assert {"Item", "Record", "Problem"} <= names
    used = {part.split('"')[0] for part in str(document).replace("'", '"').split("#/components/schemas/")[1:]}
    assert used <= names


def test_the_page_about_the_contract_loads_nothing_from_elsewhere(client: TestClient):
    answer = client.get("/v1/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "/v1/models/response/rank" in answer.text
    assert not re.search(r"<script|https?://|@import|src=", answer.text)
