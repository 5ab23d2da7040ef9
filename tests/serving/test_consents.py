"""A withdrawal acts everywhere at once, and batch and API suppress the same."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import stages
from desk import LATER, Desk, publish
from released import Brand

from features.consent_policy import Policy, Unknown
from serving.consent import consent_updates, subjects
from serving.consent.consents import Consents
from serving.edge.keys import SCOPES, KeyStore
from training.data.consents import with_reasons

TASKS = ("lead", "response", "churn")
REFS: dict[str, dict[str, str]] = {
    "lead": {"ref": "l5"}, "response": {"ref": "m5", "campaign_id": "c1"}, "churn": {"ref": "m5"},
}  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_a_told_withdrawal_acts_in_every_answer_about_the_member(desk: Desk, brand: Brand, task: str):
    item, (kind, ref) = REFS[task], ("lead", "l5") if task == "lead" else ("member", "m5")
    record = brand.ask(ref, task)
    results = desk.job({"model": task, "items": [item, record, item | {"ref": ref[0] + "6"}]})
    assert [one["status"] for one in results()] == ["ok"] * 3
    assert desk.score(task, item) == desk.score(task, record) == ("ok", None)
    desk.tell(ref, kind, profiling="withdrawn")
    refused = ("suppressed", "profiling_refused")
    for one in (item, record):
        assert desk.score(task, one) == refused
        assert desk.score(task, one, "explain") == refused
        bulk = desk.post(f"models/{task}/scores", {"items": [one]})["results"]
        assert bulk[0]["suppression_reason"] == "profiling_refused"
    told = [(one["status"], one.get("suppression_reason")) for one in results()]
    assert told == [refused, refused, ("ok", None)]
    assert "probability" not in results()[0]


def test_a_withdrawal_reaches_lookup_ranking_and_portrait(desk: Desk, brand: Brand):
    url, asking = "/v1/models/churn/lookup", {"ref": "m7"}
    first = desk.client.get(url, params=asking)
    assert "no-cache" in first.headers["cache-control"]  # a copy is asked about again
    folder = brand.settings.build_dir / "portrait"
    was, file = folder.exists(), folder / "portrait.parquet"
    kept = file.read_bytes() if was else None
    folder.mkdir(exist_ok=True)
    pl.DataFrame({"member_id": ["m7"], "stage": ["new"]}).write_parquet(file)
    assert desk.post("members/portrait", asking)["result"]["status"] == "ok"
    desk.tell("m7", profiling="withdrawn")
    again = desk.client.get(url, params=asking, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.json()["result"]["status"]) == (200, "suppressed")
    assert desk.post("members/portrait", asking)["result"] == {
        "status": "suppressed", "suppression_reason": "profiling_refused",
    }  # fmt: skip
    ranking = {"ref": "m7", "campaigns": [{"campaign_id": "c1"}]}
    found = desk.post("models/response/rank", ranking)["result"]
    assert (found["choice"], found["ranked"][0]["status"]) == (None, "suppressed")
    shutil.rmtree(folder) if kept is None else file.write_bytes(kept)


@pytest.mark.parametrize("table", ["members", "purchases", "events", "care", "contacts", "responses"])
def test_an_id_in_any_row_of_a_record_counts(desk: Desk, brand: Brand, table: str):
    row = next(row for row in brand.record("m8", "churn")[table] if row["member_id"] == "m8")
    nameless = {"members": [{"occurred_at": "2025-01-01T00:00:00Z", "region": "north"}]}
    asked = {"record": nameless | {table: [row]}, "consent": {"profiling": "granted", "marketing": "granted"}}
    assert desk.score("churn", asked)[0] == "ok"
    desk.tell("m8", profiling="withdrawn")
    assert desk.score("churn", asked) == desk.score("churn", asked, "explain")
    assert desk.score("churn", asked) == ("suppressed", "profiling_refused")


def test_a_member_s_word_holds_for_its_leads(desk: Desk):
    bound = desk.state.consents._view.listed.bound
    lead, member = next(
        (lead, owner) for lead, owner in bound.items() if owner not in ("m0", "m2", "m3", "m4")
    )
    assert desk.score("lead", {"ref": lead})[0] == "ok"
    desk.tell(member, profiling="withdrawn")
    assert desk.score("lead", {"ref": lead}) == ("suppressed", "profiling_refused")
    assert lead in desk.state.consents.leads_of(member)


def test_granted_counts_only_where_it_was_said_last(desk: Desk):
    assert desk.score("churn", {"ref": "m0"})[0] == "suppressed"  # withdrawn in the list
    desk.tell("m0", profiling="granted", occurred_at="2020-01-01T00:00:00Z")
    assert desk.score("churn", {"ref": "m0"})[0] == "suppressed"
    desk.tell("m0", profiling="granted")
    assert desk.score("churn", {"ref": "m0"})[0] == "ok"  # the batch has no numbers: computed now
    desk.tell("m0", profiling="withdrawn", occurred_at="2025-02-01T00:00:00Z")
    assert desk.score("churn", {"ref": "m0"})[0] == "ok"  # an older word than the one told
    desk.tell("m0", profiling="withdrawn")
    assert desk.score("churn", {"ref": "m0"})[0] == "suppressed"
    assert desk.score("churn", {"ref": "m0", "consent": {"profiling": "granted"}})[0] == "suppressed"


def test_a_word_is_counted_once_and_nothing_lies_ahead(desk: Desk):
    one = {"event_id": "crm-1", "profiling": "withdrawn"}
    assert desk.tell("m9", **one)["accepted"] == 1
    desk.tell("m9", profiling="granted")
    assert desk.tell("m9", **one)["duplicates"] == 1  # sent again by a retry: no new withdrawal
    assert desk.score("churn", {"ref": "m9"})[0] == "ok"
    ahead = {"consents": [{"ref": "m9", "profiling": "granted", "occurred_at": "2999-01-01T00:00:00Z"}]}
    refused = desk.client.post("/v1/members/consent", json=ahead)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/consents/0/occurred_at")
    empty = desk.client.post("/v1/members/consent", json={"consents": [{"ref": "m9"}]})
    assert empty.status_code == 422


def test_another_worker_follows_without_being_asked(desk: Desk):
    other = Consents(desk.state.consents.folder, desk.state.consents.database)
    other.refresh()
    desk.tell("m11", marketing="withdrawn")
    assert other.known("member", "m11")[0]["consent_marketing"] == "granted"
    other.refresh()  # what its thread does once a second
    assert other.known("member", "m11")[0]["consent_marketing"] == "withdrawn"


def test_words_and_erasures_need_a_scope_of_their_own(desk: Desk):
    key = KeyStore(desk.state.settings.state_dir / "keys.json").issue(
        "crm", [s for s in SCOPES if s != "consent:write"]
    )
    for path in ("consent", "erase"):
        answer = desk.client.post(f"/v1/members/{path}", json={}, headers={"x-api-key": key})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_a_damaged_list_does_not_take_away_the_one_before(desk: Desk, tmp_path: Path):
    own = desk.state.consents
    rows = pl.read_parquet(own.folder / "consent.parquet")
    own.folder = publish(tmp_path / "next", rows, LATER)
    (own.folder / "consent.parquet").write_bytes(b"half")
    own.refresh()
    assert own.known("member", "m0")[0]["consent_profiling"] == "withdrawn"


def test_a_damaged_list_is_seen_and_tried_again(desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    own = desk.state.consents
    own.folder = publish(tmp_path / "next", pl.read_parquet(own.folder / "consent.parquet"), LATER)
    facts = own.folder / "consent.json"
    good = facts.read_text()
    for damaged in ("[]", "{", '{"sha256": 5}', good.replace('"as_of": ', '"as_of": null, "was": ')):
        facts.write_text(damaged)
        for _ in range(3):
            own.refresh()
        found = desk.client.get("/readyz").json()
        assert (found["status"], found["consent_list"]) == ("ready", "refused")
        assert found["consent_list_refused"]
        outside = desk.client.get("/readyz", headers={"x-forwarded-for": "192.0.2.1"}).json()
        assert str(tmp_path) not in str(outside)
        assert outside["consent_list"] == "refused"
        assert "memberlens_consent_list_refused 1.0" in desk.client.get("/metrics").text
    assert sum("consent list refused" in line.message for line in caplog.records) == 4  # each one once
    facts.write_text(good)
    own.refresh()
    assert desk.client.get("/readyz").json()["consent_list"] == "ok"
    assert "memberlens_consent_list_refused 0.0" in desk.client.get("/metrics").text


def test_a_word_in_the_place_of_a_dropped_one_is_seen(desk: Desk):
    other = Consents(desk.state.consents.folder, desk.state.consents.database)
    desk.tell("m11", profiling="withdrawn")
    other.refresh()
    with other.database.use() as connection:
        consent_updates.drop_words(connection, ("member", "m11"))
    desk.tell("m12", profiling="withdrawn")  # with the row number of the other
    other.refresh()
    assert other.known("member", "m12")[0]["consent_profiling"] == "withdrawn"


@pytest.mark.parametrize("policy", [Policy(), Policy(unknown=Unknown(profiling="score"))])
@pytest.mark.parametrize("task", TASKS)
def test_the_batch_suppresses_whom_the_api_suppresses(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, policy: Policy
):
    """The list holds every kind of word; both sides are asked about everybody."""
    monkeypatch.chdir(tmp_path)
    params = stages.params().model_copy(update={"consent": policy})
    own, kind, words = desk.state.consents, subjects.kind_of(task), ("granted", "withdrawn", "unknown", None)
    rows = pl.read_parquet(own.folder / "consent.parquet")
    places = range(len(rows))
    rows = rows.with_columns(
        consent_profiling=pl.Series([words[at % 4] for at in places]),
        consent_marketing=pl.Series([words[at // 4 % 4] for at in places]),
        deceased=pl.Series([at % 17 == 0 for at in places]),
        member_id=pl.lit(None, pl.String),
    )
    own.folder = publish(params.build / "consent", rows, LATER, policy)
    own.refresh()
    everyone = pl.DataFrame({"subject_id": list(desk.state.champion(task).snapshot.subjects)})
    batch = with_reasons(everyone, kind, params, int(datetime.now(UTC).timestamp()))
    items = [REFS[task] | {"ref": ref} for ref in everyone["subject_id"]]
    found = desk.post(f"models/{task}/scores", {"items": items})["results"]
    assert [one.get("suppression_reason") for one in found] == batch["suppression_reason"].to_list()
    assert {one["status"] for one in found} == {"ok", "suppressed"}


def test_a_job_or_bulk_in_which_everybody_is_suppressed_says_so(desk: Desk):
    items = [{"ref": "m0"}, {"ref": "m2"}]
    bulk = desk.post("models/churn/scores", {"items": items})
    assert bulk["summary"]["warning"] == "all_suppressed"
    desk.job({"model": "churn", "items": items})
    job = desk.client.get(f"/v1/jobs/{desk.made}").json()["job"]
    assert (job["status"], job["reason"], job["suppressed"]) == ("succeeded_with_errors", "all_suppressed", 2)
    assert 'memberlens_all_suppressed_total{model="churn"} 2.0' in desk.state.metrics.text().decode()
    some = desk.post("models/churn/scores", {"items": [*items, {"ref": "m5"}]})
    assert "warning" not in some["summary"]
