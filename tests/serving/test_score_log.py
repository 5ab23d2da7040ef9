"""The log of scores: every id that was told can be looked up, for a while, and nobody's id is in it."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import AS_OF, Brand, client_of, jobs_of

from serving.ledger import access_log, score_log
from serving.settings import Settings
from serving.state import State
from serving.worker import Work

CHURN, RESPONSE = "/v1/models/churn", "/v1/models/response"


@pytest.fixture
def own(brand: Brand, state: State, tmp_path: Path) -> State:
    """The released models over an empty store of their own."""
    settings = Settings.model_validate(brand.settings.model_dump() | {"state": tmp_path.absolute()})
    return State(settings, champions=state.champions)


@pytest.fixture
def caller(own: State) -> TestClient:
    return client_of(own)


def logged(caller: TestClient, score_id: str) -> dict[str, Any]:
    answer = caller.get(f"/v1/scores/{score_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["score"]
    return found


def told(caller: TestClient, brand: Brand) -> list[tuple[dict[str, Any], str, str, str]]:
    """Answers of every route with a score id: the answer, its model, whom it is about, where from."""
    bulk = {"items": [{"ref": "m5"}, {"ref": "nobody"}, {"ref": "m0"}, brand.ask("m6", "churn")]}
    rank = {"ref": "m5", "campaigns": [{"campaign_id": "c1"}, {"campaign_id": "c2"}]}
    one = caller.post(f"{CHURN}/score", json={"ref": "m5"}).json()["result"]
    record = caller.post(f"{CHURN}/score", json=brand.ask("m5", "churn")).json()["result"]
    many = caller.post(f"{CHURN}/scores", json=bulk).json()["results"]
    ranked = caller.post(f"{RESPONSE}/rank", json=rank).json()["result"]["ranked"]
    stored = caller.get(f"{CHURN}/lookup", params={"ref": "m5"}).json()["result"]
    explained = caller.post(f"{CHURN}/explain", json={"ref": "m5"}).json()["result"]
    found = [(one, "churn", "m5", "ref"), (record, "churn", "m5", "record")]
    found += [(many[0], "churn", "m5", "ref"), (many[2], "churn", "m0", "ref")]
    found += [(many[3], "churn", "m6", "record"), (stored, "churn", "m5", "ref")]
    found += [(explained, "churn", "m5", "ref")]
    return found + [(answer, "response", "m5", "ref") for answer in ranked]


def test_every_answer_can_be_looked_up_and_nobody_is_named(caller: TestClient, own: State, brand: Brand):
    secret = access_log.secret_of(own.settings.state_dir)
    for answer, model, subject, source in told(caller, brand):
        found = logged(caller, answer["score_id"])
        assert found["subject"] == access_log.mark(secret, subject)
        snapshot = own.champions[model].snapshot
        assert snapshot is not None
        assert found["snapshot"] == (snapshot.sha256 if source == "ref" else "record")
        assert (found["model"], found["client"], found["version"]) == (model, "this-machine", "1")
        for name in ("status", "scored_at", "features_as_of"):
            assert found[name] == answer[name]
        for name in ("probability", "band", "experiment_arm", "campaign_id"):
            assert found[name] == answer.get(name)
    raw = b"".join(file.read_bytes() for file in own.settings.state_dir.glob("scores.db*"))
    assert b"m5" not in raw.replace(b"\x00", b" ").split()
    with own.score_log.database.use() as connection:
        subjects = {row[0] for row in connection.execute("SELECT subject FROM scores")}
    assert all(len(one) == 64 for one in subjects)


def test_a_jobs_answers_can_be_looked_up(caller: TestClient, own: State):
    body = {"model": "churn", "items": [{"ref": "m5"}, {"ref": "m0"}]}
    job = caller.post("/v1/jobs", json=body, headers={"Idempotency-Key": "k"}).json()["job"]["id"]
    work = Work(own, jobs_of(own.settings))
    while work.step():
        pass
    results = caller.get(f"/v1/jobs/{job}/results").json()["results"]
    assert [logged(caller, one["score_id"])["status"] for one in results] == ["ok", "suppressed"]


def test_a_batchs_rows_can_be_looked_up(caller: TestClient, own: State):
    for champion in own.champions.values():
        own.score_log.batches.keep(champion, own.settings)
        own.score_log.batches.keep(champion, own.settings)
    rows = pl.read_parquet(own.settings.build_dir / "response" / "scores.parquet")
    row = rows.filter(pl.col("subject_id") == "m5").row(0, named=True)
    found = logged(caller, row["score_id"])
    assert found["probability"] == row["probability"]
    assert found["subject"] == access_log.mark(own.score_log.secret, "m5")
    assert (found["campaign_id"], found["client"], found["model"]) == ("c1", "batch", "response")
    assert datetime.fromisoformat(found["scored_at"]).timestamp() == AS_OF
    assert len(list(own.score_log.batches.folder.iterdir())) == 4


@pytest.mark.parametrize("wrong", ["01K", "é" * 26, "0" * 26, "Z" * 26])
def test_an_id_that_was_never_told_is_not_found(caller: TestClient, wrong: str):
    answer = caller.get(f"/v1/scores/{wrong}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_score")


def test_old_scores_are_forgotten(caller: TestClient, own: State):
    mine = caller.post(f"{CHURN}/score", json={"ref": "m5"}).json()["result"]["score_id"]
    own.score_log.batches.keep(own.champions["churn"], own.settings)
    row = pl.read_parquet(own.settings.build_dir / "churn" / "scores.parquet")["score_id"][0]
    days = timedelta(days=own.settings.scores_days)
    own.score_log.purge(datetime.now(UTC) - days)
    assert {*own.score_log.find([mine, row])} == {mine, row}
    own.score_log.purge(datetime.now(UTC) + timedelta(seconds=2))
    assert own.score_log.find([mine, row]) == {}


def test_a_member_can_be_erased_everywhere(caller: TestClient, own: State):
    ids = [
        caller.post(f"{CHURN}/score", json={"ref": ref}).json()["result"]["score_id"] for ref in ("m5", "m6")
    ]
    own.score_log.batches.keep(own.champions["churn"], own.settings)
    rows = pl.read_parquet(own.settings.build_dir / "churn" / "scores.parquet").sort("subject_id")
    ids += [rows.filter(pl.col("subject_id") == ref)["score_id"][0] for ref in ("m5", "m6")]
    mark = access_log.mark(own.score_log.secret, "m5")
    assert mark is not None
    assert own.score_log.erase(mark) == 2
    assert sorted(own.score_log.find(ids)) == sorted([ids[1], ids[3]])
    assert own.score_log.erase(mark) == 0


def test_answers_go_on_while_the_log_cannot_be_written(
    caller: TestClient, own: State, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    log, path = own.score_log, own.score_log.database.path
    object.__setattr__(log.database, "path", path.parent / "nowhere" / "scores.db")
    monkeypatch.setattr(score_log, "MOST_WAITING", 3)
    ids = []
    for _ in range(5):
        answer = caller.post(f"{CHURN}/score", json={"ref": "m5"})
        ids.append(answer.json()["result"]["score_id"])
        log.flush()
        assert answer.status_code == 200
    assert sum("score log cannot be written" in line.message for line in caplog.records) == 1
    assert b"memberlens_score_log_lost_total 2.0" in own.metrics.text()
    object.__setattr__(log.database, "path", path)
    log.close()
    with sqlite3.connect(path) as connection:
        kept = {row[0] for row in connection.execute("SELECT score_id FROM scores")}
    assert kept == set(ids[:3])


def test_the_file_is_for_this_user_only(caller: TestClient, own: State):
    own.score_log.batches.keep(own.champions["churn"], own.settings)
    files = [own.score_log.database.path, *own.score_log.batches.folder.iterdir()]
    assert {os.stat(file).st_mode & 0o077 for file in files} == {0}
