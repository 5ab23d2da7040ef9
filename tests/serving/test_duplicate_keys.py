"""A name that stands twice in one JSON object is refused, wherever it is."""

import pytest
from fastapi.testclient import TestClient

DOUBLE = '{"ref": "m5", "ref": "m6"}'


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("models/churn/score", DOUBLE, "/ref"),
        ("models/churn/score", '{"ref": "m5", "\\u0072ef": "m6"}', "/ref"),
        (
            "models/churn/explain",
            '{"ref": "m0", "consent": {"profiling": "withdrawn", "profiling": "granted"}}',
            "/consent/profiling",
        ),
        ("models/churn/scores", f'{{"items": [{{"ref": "m1"}}, {DOUBLE}]}}', "/items/1/ref"),
        ("models/churn/score", '{"record": {"members": [], "members": []}}', "/record/members"),
        (
            "members/consent",
            '{"consents": [{"ref": "a", "profiling": "withdrawn", "profiling": "granted"}]}',
            "/consents/0/profiling",
        ),
        ("members/portrait", DOUBLE, "/ref"),
        ("outcomes", '{"outcomes": [], "outcomes": []}', "/outcomes"),
        ("jobs", f'{{"model": "churn", "items": [{DOUBLE}]}}', "/items/0/ref"),
    ],
)
def test_a_name_that_stands_twice_is_refused_wherever_it_is(
    client: TestClient, path: str, body: str, pointer: str
):
    headers = {"content-type": "application/json", "Idempotency-Key": "twice"}
    answer = client.post(f"/v1/{path}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, "duplicate_key")]


def test_a_name_twice_in_a_line_of_a_job_is_refused(client: TestClient):
    headers = {"content-type": "application/x-ndjson", "Idempotency-Key": "lines"}
    answer = client.post("/v1/jobs?model=churn", content='{"ref": "m1"}\n' + DOUBLE, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/lines/1/ref")
