"""Consent that rows of a record tell: the newest word, of one moment the strictest, none from the future."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from serving.consent.said_in_rows import newest
from serving.contract.schema_record import row_model

NOW = datetime(2026, 6, 30, tzinfo=UTC)
OLD, LATE, AHEAD = "2025-01-01T00:00:00Z", "2026-06-29T00:00:00Z", "2099-01-01T00:00:00Z"
NO, YES = {"consent_profiling": "withdrawn"}, {"consent_profiling": "granted"}
SAID = [
    ([(OLD, NO), (LATE, YES)], "granted"), ([(OLD, YES), (LATE, NO)], "withdrawn"),
    ([(OLD, NO), (OLD, YES)], "withdrawn"), ([(OLD, YES), (OLD, NO)], "withdrawn"),
    ([(OLD, NO), (AHEAD, YES)], "withdrawn"), ([(OLD, YES), (AHEAD, NO)], "withdrawn"),
    ([(OLD, NO), (LATE, {})], "withdrawn"), ([(AHEAD, YES)], None), ([(LATE, {})], None),
]  # fmt: skip


def rows(told: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{"member_id": "new", "occurred_at": moment} | facts for moment, facts in told]


@pytest.mark.parametrize(("told", "word"), SAID)
def test_the_strictest_word_of_the_newest_moment_counts(told: Any, word: str | None):
    found = newest([row_model("members").model_validate(row) for row in rows(told)], NOW)
    assert found.get("consent_profiling") == word


def test_who_has_died_or_is_the_younger_is_the_stricter_too():
    told = [(OLD, {"deceased": True, "birth_year": 1980}), (OLD, {"deceased": False, "birth_year": 2015})]
    found = newest([row_model("members").model_validate(row) for row in rows(told)], NOW)
    assert found == {"deceased": True, "birth_year": 2015}


@pytest.mark.parametrize(("told", "word"), SAID)
def test_answers_follow(client: TestClient, told: Any, word: str | None):
    answer = client.post("/v1/models/churn/score", json={"record": {"members": rows(told)}})
    assert (answer.json()["result"]["status"] == "suppressed") == (word == "withdrawn")
