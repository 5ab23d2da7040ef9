"""A store that another process holds: what needs it says so in time, what does not goes on."""

import asyncio
import sqlite3
from collections.abc import Iterator
from time import monotonic

import pytest
from fastapi.testclient import TestClient
from released import client_of

from serving.edge.threads import Threads, storing
from serving.settings import Settings
from serving.state import State

LIMITS = {"seconds": 0.6, "bulk_seconds": 0.6}
REF = {"ref": "m5"}
WITHDRAWN = {"event_id": "e1", "ref": "m5", "profiling": "withdrawn", "occurred_at": "2026-01-01T00:00:00Z"}


@pytest.fixture
def locked(state: State, tmp_path) -> Iterator[tuple[TestClient, sqlite3.Connection]]:
    """A service of its own, and the connection that holds its store until it is closed."""
    settings = Settings.model_validate(state.settings.model_dump() | {"state": tmp_path, "limits": LIMITS})
    client = client_of(State(settings, state.champions))
    holder = sqlite3.connect(tmp_path / "service.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    yield client, holder
    holder.close()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("models/churn/explain", REF),
        ("members/consent", {"consents": [WITHDRAWN]}),
        ("outcomes", {"outcomes": [{"event_id": "e1", "ref": "m5", "model": "churn", "kind": "opened",
                                    "occurred_at": "2026-01-01T00:00:00Z"}]}),
    ],
)  # fmt: skip
def test_what_must_be_kept_is_refused_in_time_and_may_be_sent_again(locked, path: str, body):
    client, _ = locked
    begun = monotonic()
    answer = client.post(f"/v1/{path}", json=body)
    assert monotonic() - begun < 3
    found = answer.json()
    assert (answer.status_code, found["code"], found["retryable"]) == (503, "storage_unavailable", True)
    assert int(answer.headers["Retry-After"]) > 0


def test_scores_need_no_store(locked):
    client, _ = locked
    for path in ("score", "lookup"):
        assert client.post(f"/v1/models/churn/{path}", json=REF).json()["result"]["status"] == "ok"


def test_a_withdrawal_that_was_refused_is_kept_when_it_is_sent_again(locked):
    client, holder = locked
    told = {"consents": [WITHDRAWN]}
    assert client.post("/v1/members/consent", json=told).status_code == 503
    holder.close()
    assert client.post("/v1/members/consent", json=told).status_code == 200
    assert client.post("/v1/models/churn/score", json=REF).json()["result"]["status"] == "suppressed"


def test_a_store_that_answered_with_an_error_is_not_waited_for_any_more():
    def fail() -> None:
        raise ValueError("refused")

    async def call() -> bool:
        with pytest.raises(ValueError, match="refused"):
            await Threads(1).run("store", fail)
        return storing.get()

    assert asyncio.run(call()) is False
