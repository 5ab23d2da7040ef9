"""Who is erased is gone from all that is kept and stays suppressed; how long the rest is kept."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from desk import LATER, Desk, publish
from released import Brand

from serving import __main__ as command
from serving.ledger import erasure, retention


def test_an_erased_member_is_gone_from_all_that_is_kept(desk: Desk):
    event = {"kind": "answered", "occurred_at": "2026-07-02T09:30:00Z"}
    both = [{"event_id": ref, "ref": ref} | event for ref in ("m5", "m6")]
    desk.post("outcomes", {"outcomes": both})
    desk.score("churn", {"ref": "m5"}, "explain")
    results = desk.job({"model": "churn", "audience": "everyone"})
    waiting = desk.post("jobs", {"model": "churn", "items": [{"ref": "m5"}]}, **{"Idempotency-Key": "later"})[
        "job"
    ]
    found = desk.post("members/erase", {"ref": "m5"})["result"]
    assert (found["outcomes"], found["audit"], found["items"]) == (1, 1, 2)
    with desk.jobs.database.use() as connection:
        whole = [
            tuple(row) for table in erasure.TABLES for row in connection.execute(f"SELECT * FROM {table}")
        ]
        assert [row for row in whole if "m5" in row] == []
        assert any("m6" in row for row in whole)
    told = [one for one in results() if one.get("suppression_reason") == "erased"]
    assert [one["record_id"] for one in told] == [None]
    assert "m5" not in {one["record_id"] for one in results()}
    assert desk.score("churn", {"ref": "m5"}) == ("suppressed", "erased")
    while desk.work.step():
        pass
    page = desk.client.get(f"/v1/jobs/{waiting['id']}/results").json()["results"]
    assert page[0]["suppression_reason"] == "erased"
    again = desk.post("outcomes", {"outcomes": [event | {"event_id": "late", "ref": "m5"}]})
    assert (again["accepted"], again["duplicates"]) == (0, 0)  # what comes in late is not kept
    everyone = desk.job({"model": "churn", "audience": "everyone", "options": {"reasons": 1}})
    assert "m5" not in {one["record_id"] for one in everyone()}


def test_an_erasure_while_a_chunk_is_answered_is_not_undone(desk: Desk):
    made = desk.post("jobs", {"model": "churn", "items": [{"ref": "m5"}]}, **{"Idempotency-Key": "x"})["job"]
    assert desk.work._claim() is not None
    chunk = desk.work._next(made["id"])
    desk.post("members/erase", {"ref": "m5"})
    desk.work._keep(made["id"], chunk, [{"record_id": "m5", "status": "ok"}])
    with desk.jobs.database.use() as connection:
        assert connection.execute("SELECT answers FROM chunks").fetchone()[0] is None


def test_a_tombstone_stays_until_the_pipeline_no_longer_has_the_subject(desk: Desk, tmp_path: Path):
    desk.post("members/erase", {"ref": "m5"})
    desk.tell("m6", profiling="withdrawn")
    own = desk.state.consents
    retention.purge(own, desk.state.score_log, desk.state.settings, LATER)
    own.refresh()
    assert own.is_erased("member", "m5")
    rows = pl.read_parquet(own.folder / "consent.parquet").filter(pl.col("subject_id") != "m5")
    said = pl.when(pl.col("subject_id") == "m6").then(pl.lit("withdrawn")).otherwise("consent_profiling")
    own.folder = publish(tmp_path / "next", rows.with_columns(consent_profiling=said), LATER)
    own.refresh()
    retention.purge(own, desk.state.score_log, desk.state.settings, LATER)
    own.refresh()
    with own.database.use() as connection:
        left = [
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("erased", "consents")
        ]
    assert left == [0, 0]  # one is gone there, and of the other the list says the same
    assert own.known("member", "m6")[0]["consent_profiling"] == "withdrawn"


def test_what_is_kept_how_long_is_a_setting(desk: Desk):
    desk.post(
        "outcomes",
        {
            "outcomes": [
                {"event_id": "a", "ref": "m6", "kind": "answered", "occurred_at": "2026-07-02T09:30:00Z"}
            ]
        },
    )
    desk.score("churn", {"ref": "m6"}, "explain")
    own, now = (
        desk.state.settings.model_copy(update={"outcomes_days": 30, "audit_days": 60}),
        datetime.now(UTC),
    )
    for days, left in ((29, [1, 1]), (31, [0, 1]), (61, [0, 0])):
        retention.purge(desk.state.consents, desk.state.score_log, own, now + timedelta(days=days))
        with desk.jobs.database.use() as connection:
            found = [
                connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                for name in ("outcomes", "audit")
            ]
        assert found == left


def test_the_command_erases_too(desk: Desk, brand: Brand, tmp_path: Path, monkeypatch, capsys):
    desk.tell("m6", profiling="withdrawn")
    file = tmp_path / "settings.yaml"
    file.write_text(f"state: {tmp_path / 'state'}\n")
    monkeypatch.setenv("MEMBERLENS_SETTINGS", str(file))
    monkeypatch.setenv("MEMBERLENS_HOME", str(brand.home))
    command.erase("m6")
    assert json.loads(capsys.readouterr().out)["consents"] == 1
    desk.state.consents.refresh()
    assert desk.score("churn", {"ref": "m6"}) == ("suppressed", "erased")


def erased_after_an_outcome(desk: Desk, given: str) -> dict[str, int]:
    """How much was erased of m6, of whom an outcome was told that names only the score."""
    told = {"event_id": "a", "score_id": given, "kind": "answered"}
    told["occurred_at"] = datetime.now(UTC).isoformat()
    assert desk.post("outcomes", {"outcomes": [told]})["accepted"] == 1
    return desk.post("members/erase", {"ref": "m6"})["result"]


def test_scores_and_outcomes_that_name_only_a_score_go_too(desk: Desk):
    given = desk.post("models/churn/score", {"ref": "m6"})["result"]["score_id"]
    found = erased_after_an_outcome(desk, given)
    assert (found["outcomes"], found["scores"] >= 1) == (1, True)
    assert desk.client.get(f"/v1/scores/{given}").status_code == 404


def test_rows_of_batches_and_outcomes_that_name_them_go_too(desk: Desk):
    champion = desk.state.champions["churn"]
    desk.state.score_log.batches.keep(champion, desk.state.settings)
    at = champion.snapshot.subjects["m6"]
    given = champion.published.marks["score_id"][at]
    assert desk.client.get(f"/v1/scores/{given}").status_code == 200
    found = erased_after_an_outcome(desk, given)
    assert (found["outcomes"], found["scores"]) == (1, 1)
    own = desk.state.consents
    for file in desk.state.score_log.batches.folder.iterdir():
        file.unlink()
    desk.state.score_log.batches.keep(champion, desk.state.settings, own.is_erased)  # the next batch
    assert desk.client.get(f"/v1/scores/{champion.published.marks['score_id'][at - 1]}").status_code == 200
    assert desk.client.get(f"/v1/scores/{given}").status_code == 404
