"""Headers with weights, over several lines, and twice where once is all that is clear."""

import gzip
from typing import Any

import pytest
from bureau import ASKED, Bureau
from fastapi.testclient import TestClient

from serving.edge.header_values import weights

SCORES, BODY = "/v1/models/churn/scores", {"items": [{"ref": f"m{number}"} for number in range(5, 40)]}
LOOKUP = "/v1/models/churn/lookup?ref=m5"
JSON = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}), ("gzip", {"gzip": 1.0}), ("GZIP ; q=0.5,", {"gzip": 0.5}), ("gzip;q=2, br", {"br": 1.0}),
        ("a;q=0.1, a;q=0.3", {"a": 0.3}), ("text/csv;header=present;q=0", {"text/csv": 0.0}),
    ],
)  # fmt: skip
def test_weights_are_read_and_what_cannot_be_read_is_passed_over(text: str, found: dict[str, float]):
    assert weights(text) == found


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True), ("gzip;q=0", False), ("gzip;q=0.0, identity", False), ("br, gzip;q=0.5", True),
        ("identity;q=0, gzip", True), ("identity, gzip;q=0.5", False), ("x-gzip", False), ("", False),
    ],
)  # fmt: skip
def test_answers_are_packed_for_whom_that_is_welcome(client: TestClient, accepted: str, is_packed: bool):
    answer = client.post(SCORES, json=BODY, headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("content-encoding") == "gzip") == is_packed
    assert len(answer.json()["results"]) == 35


@pytest.mark.parametrize(
    ("accepted", "form"),
    [
        ("text/csv", "text/csv"), ("text/csv;q=0.1, application/json", "application/json"),
        ("text/csv;q=0", "application/json"), ("*/*;q=0.1, TEXT/CSV", "text/csv"),
        ("text/csv;q=0.5, application/vnd.apache.parquet", "application/vnd.apache.parquet"),
    ],
)  # fmt: skip
def test_a_list_comes_in_the_form_of_the_greatest_weight(bureau: Bureau, accepted: str, form: str):
    made = bureau.plan(**ASKED)
    answer = bureau.client.get(made["links"]["members"], headers={"Accept": accepted})
    assert answer.headers["content-type"].partition(";")[0] == form


@pytest.mark.parametrize("place", [0, 1])
def test_a_list_may_stand_in_several_lines(client: TestClient, place: int):
    lines = [("If-None-Match", '"other"')]
    lines.insert(place, ("If-None-Match", client.get(LOOKUP).headers["etag"]))
    assert client.get(LOOKUP, headers=lines).status_code == 304
    spoken = [("Accept-Language", "fr"), ("Accept-Language", "zh;q=0.5")]
    found = [
        client.get(LOOKUP, headers=spoken), client.get(LOOKUP, headers=spoken[::-1]),
        client.get(f"{LOOKUP}&language=zh"),
    ]  # fmt: skip
    assert len({one.json()["result"]["band_text"] for one in found}) == 1


TWICE: list[tuple[str, Any]] = [
    ("Authorization", "Bearer a"), ("X-API-Key", "a"), ("Host", "localhost"), ("Idempotency-Key", "a"),
    ("Content-Type", "application/json"), ("Content-Encoding", "identity"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), TWICE)
def test_a_header_of_one_value_that_stands_twice_is_refused(client: TestClient, name: str, value: str):
    plain = [line for line in [("Content-Type", "application/json")] if line[0] != name]
    answer = client.post("/v1/models/churn/score", content=b'{"ref": "m5"}',
                         headers=[*plain, (name, value), (name, value)])  # fmt: skip
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/header/{name}")


def test_bodies_packed_one_behind_another_are_read_to_the_end(client: TestClient):
    parts = [b'{"items": [{"ref": "m5"},', b'{"ref": "m6"}]}', b""]
    answer = client.post(SCORES, content=b"".join(map(gzip.compress, parts)), headers=JSON)
    assert [one["status"] for one in answer.json()["results"]] == ["ok", "ok"]


def packed(body: bytes) -> bytes:
    """Without the second at which it was packed, so that tests are called the same in every worker."""
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (packed(b'{"items": [{"ref": "m5"}]}') + b"more", "malformed_json"),
        (packed(b'{"items": [{"ref": "m5"}]}') + packed(b" ")[:-1], "malformed_json"),
        (packed(b" " * 3_000_000) * 2, "body_too_large"),
        (packed(b""), "malformed_json"),
    ],
)
def test_what_follows_a_packed_body_is_not_passed_over(client: TestClient, body: bytes, code: str):
    assert client.post(SCORES, content=body, headers=JSON).json()["code"] == code


def test_another_packing_is_told_what_is_taken(client: TestClient):
    answer = client.post(SCORES, content=b"", headers=JSON | {"Content-Encoding": "deflate"})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip")
