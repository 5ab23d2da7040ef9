"""How long an audience lives: cancelled, taken over, forgotten, failed, waited for, counted."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bureau import ASKED, Bureau
from fastapi.testclient import TestClient

from serving.audience_worker import STALE_SECONDS
from serving.ledger import retention


def cancelled(bureau: Bureau, made: dict[str, Any]) -> str:
    answered = bureau.client.post(f"{made['links']['self']}:cancel")
    assert answered.status_code == 200
    return answered.json()["audience"]["status"]


def test_a_cancelled_audience_is_not_planned_and_has_no_list(bureau: Bureau):
    made = bureau.post("audiences", ASKED, **{"Idempotency-Key": "c"})["audience"]
    assert cancelled(bureau, made) == "cancelled"
    assert not bureau.planning.step()
    assert cancelled(bureau, made) == "cancelled"
    page = bureau.client.get(made["links"]["members"]).json()
    assert (page["members"], page["next_cursor"]) == ([], None)
    assert bureau.post("audiences", ASKED, **{"Idempotency-Key": "c"})["audience"]["id"] == made["id"]
    missing = bureau.client.post("/v1/audiences/01KWDFKDZ84XE32YX860ADZY1F:cancel")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_audience")


@pytest.mark.parametrize("raises", [False, True])
def test_cancelled_while_it_is_planned_it_stays_so_and_leaves_no_file(bureau: Bureau, raises: bool):
    asked = bureau.post("audiences", ASKED, **{"Idempotency-Key": "r"})["audience"]
    planning, made = bureau.planning, bureau.planning._made

    def slow(body: dict[str, Any]) -> Any:
        assert cancelled(bureau, asked) == "cancelled"
        if raises:
            raise ValueError("too late")
        return made(body)

    planning._made = slow  # type: ignore[method-assign]
    assert planning.step()
    found = bureau.client.get(asked["links"]["self"]).json()["audience"]
    assert (found["status"], found["brief"], found["reason"]) == ("cancelled", None, None)
    assert not bureau.audiences.file(asked["id"]).exists()


def test_a_list_that_is_there_outlives_a_cancel(bureau: Bureau):
    made = bureau.plan(**ASKED)
    assert cancelled(bureau, made) == "succeeded"
    assert bureau.members(made)
    failed = bureau.plan("poor", name="poor", budget=0.001, blind=True)
    assert cancelled(bureau, failed) == "failed"


@pytest.mark.parametrize(
    "body",
    [{}, {"plan": "spring", "name": "x"}, {"plan": "spring", "budget": 3}, {"name": "Spring!"},
     {"name": "x", "budget": 0}, {"name": "x", "hold_out": 1}, {"name": "x", "colour": 1}],
)  # fmt: skip
def test_what_is_no_request_is_refused(bureau: Bureau, body: dict[str, Any]):
    answered = bureau.client.post("/v1/audiences", json=body, headers={"Idempotency-Key": "bad"})
    assert (answered.status_code, answered.json()["code"]) == (422, "validation_failed")


def test_a_plan_goes_on_where_its_worker_died(bureau: Bureau):
    asked = bureau.post("audiences", ASKED, **{"Idempotency-Key": "died"})["audience"]
    now = [1_000_000.0]
    bureau.planning.clock = lambda: now[0]
    assert bureau.audiences.claim("dead:1", now[0], STALE_SECONDS) is not None
    assert not bureau.planning.step()
    place = bureau.client.get(asked["links"]["members"]).json()
    assert (place["members"], place["next_cursor"]) == ([], 0)  # still to come: ask again
    now[0] += STALE_SECONDS + 1
    assert bureau.planning.step()
    found = bureau.client.get(asked["links"]["self"]).json()["audience"]
    assert found["status"] == "succeeded"


def test_a_client_sees_its_own_audiences_alone(bureau: Bureau):
    made = bureau.plan(**ASKED)
    with bureau.jobs.database.use() as connection:
        connection.execute("UPDATE audiences SET client = 'somebody else'")
    for place in made["links"].values():
        answered = bureau.client.get(place)
        assert (answered.status_code, answered.json()["code"]) == (404, "unknown_audience")


def test_old_audiences_and_their_files_are_forgotten(bureau: Bureau):
    made = bureau.plan(**ASKED)
    file = bureau.audiences.file(made["id"])
    for days, there in ((6, True), (8, False)):
        now = datetime.now(UTC) + timedelta(days=days)
        retention.purge(bureau.state.consents, bureau.state.score_log, bureau.state.settings, now)
        assert file.exists() == there
    assert bureau.client.get(made["links"]["self"]).status_code == 404


def test_offers_that_cannot_be_read_fail_the_audience_and_not_the_worker(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("models.acting.inputs.load", lambda folder: (_ for _ in ()).throw(KeyError("effect")))
    made = bureau.plan(**ASKED)
    assert (made["status"], made["brief"]) == ("failed", None)
    assert "made anew by the next night run" in made["reason"]


def test_a_locked_store_is_waited_for(bureau: Bureau):
    import threading

    stop, seen = threading.Event(), []

    def claim(*_: object) -> None:
        seen.append(1)
        stop.set()
        raise sqlite3.OperationalError("database is locked")

    object.__setattr__(bureau.audiences, "claim", claim)
    bureau.planning.run(stop)
    assert seen == [1]


def test_without_offers_the_service_says_so(bureau: Bureau, tmp_path: Path):
    settings = bureau.state.settings.model_copy(update={"home": tmp_path, "state": Path("state")})
    bureau.state.settings = settings
    answered = bureau.client.post("/v1/audiences", json=ASKED, headers={"Idempotency-Key": "none"})
    assert (answered.status_code, answered.json()["code"]) == (503, "not_published")


def test_audiences_are_counted(bureau: Bureau, client: TestClient):
    bureau.plan(**ASKED)
    bureau.plan("poor", name="poor", budget=0.001, blind=True)
    text = bureau.client.get("/metrics").text
    assert 'memberlens_audiences{status="succeeded"} 1.0' in text
    assert 'memberlens_audiences{status="failed"} 1.0' in text
