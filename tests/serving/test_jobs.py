"""Jobs: everyone answered once, in order, whatever happens on the way."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from released import Brand, client_of, jobs_of

from serving.answering import answers
from serving.database import Database
from serving.ledger import job_store as jobs_module
from serving.ledger.job_store import Jobs
from serving.settings import Settings
from serving.state import State
from serving.worker import Work

MARK = {"Idempotency-Key": "night-1"}


class Office:
    """A service with a job store of its own, and a worker that is told when to work."""

    def __init__(self, brand: Brand, state: State, home: Path) -> None:
        settings = Settings.model_validate(brand.settings.model_dump() | {"home": home})
        self.state = State(settings, champions=state.champions)
        self.jobs = jobs_of(settings)
        self.client = client_of(self.state)
        self.now = 1_000_000.0
        self.work = Work(self.state, self.jobs, clock=lambda: self.now)

    def ask(self, body: object, mark: str = "night-1") -> dict:
        answer = self.client.post("/v1/jobs", json=body, headers={"Idempotency-Key": mark})
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/v1/jobs/{answer.json()['job']['id']}"
        return answer.json()["job"]

    def status(self, job: dict) -> dict:
        return self.client.get(f"/v1/jobs/{job['id']}").json()["job"]

    def results(self, job: dict, limit: int = 7) -> list[dict]:
        found, cursor = [], 0
        while cursor is not None:
            page = self.client.get(
                f"/v1/jobs/{job['id']}/results", params={"cursor": cursor, "limit": limit}
            ).json()
            found += page["results"]
            if page["next_cursor"] == cursor:
                break
            cursor = page["next_cursor"]
        return found


@pytest.fixture
def office(brand: Brand, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(jobs_module, "CHUNK", 10)  # several chunks of the tiny brand's forty members
    return Office(brand, state, tmp_path)


def finish(work: Work) -> int:
    steps = 0
    while work.step():
        steps += 1
    return steps


def test_everyone_is_answered_as_a_single_call_answers(office: Office):
    job = office.ask({"model": "churn", "audience": "everyone"})
    assert (job["status"], job["total"], job["done"]) == ("queued", 40, 0)
    finish(office.work)
    done = office.status(job)
    assert (done["status"], done["done"], done["suppressed"]) == ("succeeded", 40, 4)
    found = office.results(job)
    assert len(found) == 40
    assert len({one["record_id"] for one in found}) == 40
    for one in found:
        single = office.client.post("/v1/models/churn/score", json={"ref": one["record_id"]}).json()["result"]
        assert one.get("probability") == single.get("probability")
        assert one["status"] == single["status"]


@pytest.mark.parametrize("steps", range(5))
def test_a_job_goes_on_where_its_dead_worker_stopped(office: Office, steps: int):
    job = office.ask({"model": "churn", "audience": "everyone"})
    for _ in range(steps):
        office.work.step()
    before = office.results(job)
    other = Work(office.state, office.jobs, clock=lambda: office.now)
    type(other).owner = property(lambda self: "other:1" if self is other else "first:1")
    try:
        assert steps == 0 or not other.step()  # the first one is still thought to live
        office.now += 60
        finish(other)
    finally:
        type(other).owner = OWNER
    assert office.status(job)["status"] == "succeeded"
    after = office.results(job)
    assert after[: len(before)] == before
    assert len(after) == 40


OWNER = Work.owner


def test_the_same_key_is_the_same_job_and_never_another(office: Office):
    body = {"model": "churn", "items": [{"ref": "m5"}]}
    first = office.ask(body)
    assert office.ask(body)["id"] == first["id"]
    other = office.client.post("/v1/jobs", json={"model": "churn", "items": [{"ref": "m6"}]}, headers=MARK)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert office.ask(body, "night-2")["id"] != first["id"]
    assert office.client.post("/v1/jobs", json=body).status_code == 422


def test_what_is_wrong_with_single_items_is_told_for_them(office: Office):
    job = office.ask({"model": "churn", "items": [{"ref": "m5"}, {"ref": "nobody"}, {"colour": 1}]})
    finish(office.work)
    assert office.status(job)["status"] == "succeeded_with_errors"
    codes = [one.get("error", {}).get("code") for one in office.results(job)]
    assert codes == [None, "unknown_ref", "validation_failed"]


def test_lines_are_items_too(office: Office):
    lines = "\n".join(json.dumps({"ref": f"m{number}"}) for number in range(5, 25))
    kind = {"content-type": "application/x-ndjson", **MARK}
    answer = office.client.post("/v1/jobs?model=churn", content=lines, headers=kind)
    finish(office.work)
    assert [one["status"] for one in office.results(answer.json()["job"])] == ["ok"] * 20
    bad = office.client.post("/v1/jobs?model=churn", content="{", headers=kind | {"Idempotency-Key": "b"})
    assert (bad.status_code, bad.json()["code"]) == (400, "malformed_json")


def test_an_audience_for_a_campaign(office: Office):
    refused = office.client.post("/v1/jobs", json={"model": "response", "audience": "everyone"}, headers=MARK)
    assert refused.status_code == 422
    job = office.ask({"model": "response", "audience": "everyone", "campaign": {"channel": "sms"}}, "other")
    finish(office.work)
    assert office.status(job)["ok"] == 36


def test_a_cancelled_job_stops_and_keeps_what_it_has(office: Office):
    job = office.ask({"model": "churn", "audience": "everyone"})
    office.work.step()
    cancelled = office.client.post(f"/v1/jobs/{job['id']}:cancel").json()["job"]
    assert (cancelled["status"], cancelled["done"]) == ("cancelled", 10)
    assert finish(office.work) == 0
    assert len(office.results(job)) == 10


def test_nobody_sees_the_jobs_of_another_client(office: Office):
    office.ask({"model": "churn", "items": [{"ref": "m5"}]})
    job = office.jobs.create("another", "a", "b", "churn", [{"ref": "m5"}], office.state.now())[0]
    for answer in (office.client.get(f"/v1/jobs/{job}"), office.client.get(f"/v1/jobs/{job}/results")):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_job")


def test_old_jobs_are_forgotten_with_their_answers(office: Office):
    job = office.ask({"model": "churn", "items": [{"ref": "m5"}]})
    office.jobs.purge(office.state.now())
    assert office.client.get(f"/v1/jobs/{job['id']}").status_code == 404
    with office.jobs.database.use() as connection:
        assert connection.execute("SELECT count(*) FROM chunks").fetchone()[0] == 0


def test_a_clock_set_back_does_not_leave_a_job_alone(office: Office):
    job = office.ask({"model": "churn", "audience": "everyone"})
    office.work.step()
    with office.jobs.database.use() as connection:
        connection.execute("UPDATE jobs SET owner = 'dead:1', beat = ?", (office.now + 1e6,))
    finish(office.work)
    assert office.status(job)["status"] == "succeeded"


class Full(Database):
    """A file that has no room for another page."""

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        with super().use() as connection:
            connection.execute("PRAGMA max_page_count = 1")  # never below what is there
            yield connection


def test_a_full_disk_is_told_and_can_be_tried_again(office: Office):
    items = [{"ref": f"m{number}", "record_id": token_hex(90)} for number in range(5, 500)]
    body, database = {"model": "churn", "items": items}, office.jobs.database
    full = client_of(office.state, Jobs(Full(database.path)))
    answer = full.post("/v1/jobs", json=body, headers=MARK)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert answer.json()["retryable"] is True
    assert full.post("/v1/models/churn/score", json={"ref": "m5"}).status_code == 200
    job = office.ask(body)
    stuck = Work(office.state, Jobs(Full(database.path)), clock=lambda: office.now)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        finish(stuck)
    finish(office.work)  # there is room again
    assert office.status(job)["done"] == len(items)


def test_clients_take_turns_and_a_small_job_does_not_wait_for_a_large_one(office: Office):
    items = [{"ref": f"m{number % 30 + 5}"} for number in range(200)]
    for mark in ("a", "b", "c"):  # three of them before the other's first
        office.jobs.create("greedy", mark, mark, "churn", items, office.state.now())
    office.now += 1
    small = office.ask({"model": "churn", "items": [{"ref": "m5"}]})
    steps = 0
    while office.status(small)["status"] != "succeeded":
        assert office.work.step()
        steps += 1
    assert steps <= 4
    finish(office.work)
    with office.jobs.database.use() as connection:
        assert {row["status"] for row in connection.execute("SELECT status FROM jobs")} == {"succeeded"}


def test_a_client_has_only_so_many_items_waiting_and_others_are_not_touched(office: Office):
    limits = office.state.settings.limits.model_copy(update={"queued_items": 50})
    state = State(
        office.state.settings.model_copy(update={"limits": limits}), champions=office.state.champions
    )
    client = client_of(state, office.jobs)

    def ask(number: int, mark: str) -> tuple[int, str]:
        items = [{"ref": "m5"}] * number
        headers = {"Idempotency-Key": mark}
        answer = client.post("/v1/jobs", json={"model": "churn", "items": items}, headers=headers)
        return answer.status_code, answer.json().get("code", "-")

    assert ask(60, "a") == (202, "-")  # one is always taken
    assert ask(1, "b") == (429, "rate_limited")
    assert ask(60, "a") == (202, "-")  # the same again is no new one
    office.jobs.create("another", "a", "b", "churn", [{"ref": "m5"}], office.state.now(), 50)
    finish(office.work)
    assert [ask(25, "c"), ask(25, "d"), ask(1, "e")] == [(202, "-"), (202, "-"), (429, "rate_limited")]


def test_an_item_that_breaks_the_service_holds_up_neither_the_others_nor_its_job(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    right = answers.answers

    def broken(champion: Any, items: list[Any], *more: Any) -> list[dict[str, Any]]:
        if any(getattr(item, "ref", None) == "m6" for item in items):
            raise ZeroDivisionError
        return right(champion, items, *more)

    monkeypatch.setattr(answers, "answers", broken)
    items = [{"ref": "m5", "record_id": "a"}, {"ref": "m6", "record_id": "b"}, {"ref": "m7"}]
    job = office.ask({"model": "churn", "items": items})
    finish(office.work)
    assert office.status(job)["status"] == "succeeded_with_errors"
    rows = office.results(job)
    assert [row["status"] for row in rows] == ["ok", "error", "ok"]
    assert (rows[1]["record_id"], rows[1]["error"]["code"]) == ("b", "internal")
