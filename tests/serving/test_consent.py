"""A withdrawal acts everywhere at once; batch and API suppress the same; the erased stay suppressed."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import stages
from fastapi.testclient import TestClient
from released import AS_OF, Brand, client_of, jobs_of

from features.policy import Policy, Unknown
from serving import __main__ as command
from serving import erasure, retention, subjects
from serving.consent import Consents
from serving.settings import Settings
from serving.state import State
from serving.work import Work
from training.consent import with_reasons
from training.files import sha256, write_json

TASKS = ("lead", "response", "churn")
REFS: dict[str, dict[str, str]] = {
    "lead": {"ref": "l5"}, "response": {"ref": "m5", "campaign_id": "c1"}, "churn": {"ref": "m5"},
}  # fmt: skip
LATER = datetime.fromtimestamp(AS_OF, UTC) + timedelta(days=400)


class Desk:
    """A service with a store of its own over the tiny brand, and the CRM that tells it things."""

    def __init__(self, brand: Brand, state: State, home: Path) -> None:
        settings = Settings.model_validate(brand.settings.model_dump() | {"state": home / "state"})
        self.state, self.jobs = State(settings, champions=state.champions), jobs_of(settings)
        self.client, self.work = client_of(self.state), Work(self.state, self.jobs)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        answer = self.client.post(f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def score(self, task: str, item: dict[str, Any], what: str = "score") -> tuple[str, str | None]:
        found = self.post(f"models/{task}/{what}", item)["result"]
        assert (found["status"] == "ok") == ("probability" in found)
        return found["status"], found.get("suppression_reason")

    def tell(self, ref: str, kind: str = "member", **more: Any) -> dict[str, int]:
        return self.post("members/consent", {"consents": [{"ref": ref, "kind": kind} | more]})

    def job(self, body: dict[str, Any]) -> Callable[[], list[dict[str, Any]]]:
        made = self.post("jobs", body, **{"Idempotency-Key": json.dumps(body)[:100]})["job"]
        while self.work.step():
            pass
        self.made = made["id"]
        return lambda: self.client.get(f"/v1/jobs/{made['id']}/results", params={"limit": 1000}).json()[
            "results"
        ]


@pytest.fixture
def desk(brand: Brand, state: State, tmp_path: Path) -> Desk:
    return Desk(brand, state, tmp_path)


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
    folder = brand.settings.published / "portrait"
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
    from serving.keys import SCOPES, KeyStore

    key = KeyStore(desk.state.settings.kept / "keys.json").issue(
        "crm", [s for s in SCOPES if s != "consent:write"]
    )
    for path in ("consent", "erase"):
        answer = desk.client.post(f"/v1/members/{path}", json={}, headers={"x-api-key": key})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


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
    retention.purge(own, desk.state.settings, LATER)
    own.refresh()
    assert own.is_erased("member", "m5")
    rows = pl.read_parquet(own.folder / "consent.parquet").filter(pl.col("subject_id") != "m5")
    said = pl.when(pl.col("subject_id") == "m6").then(pl.lit("withdrawn")).otherwise("consent_profiling")
    own.folder = _publish(tmp_path / "next", rows.with_columns(consent_profiling=said), LATER)
    own.refresh()
    retention.purge(own, desk.state.settings, LATER)
    own.refresh()
    with own.database.use() as connection:
        left = [
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("erased", "consents")
        ]
    assert left == [0, 0]  # one is gone there, and of the other the list says the same
    assert own.known("member", "m6")[0]["consent_profiling"] == "withdrawn"


def _publish(folder: Path, rows: pl.DataFrame, moment: datetime, policy: Policy | None = None) -> Path:
    folder.mkdir(parents=True)
    rows.write_parquet(folder / "consent.parquet")
    facts = {
        "as_of": int(moment.timestamp()) + 10**9,
        "rows": len(rows),
        "policy": (policy or Policy()).model_dump(),
    }
    write_json(folder / "consent.json", facts | {"sha256": sha256(folder / "consent.parquet")})
    return folder


def test_a_damaged_list_does_not_take_away_the_one_before(desk: Desk, tmp_path: Path):
    own = desk.state.consents
    rows = pl.read_parquet(own.folder / "consent.parquet")
    own.folder = _publish(tmp_path / "next", rows, LATER)
    (own.folder / "consent.parquet").write_bytes(b"half")
    own.refresh()
    assert own.known("member", "m0")[0]["consent_profiling"] == "withdrawn"


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
        retention.purge(desk.state.consents, own, now + timedelta(days=days))
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
    own.folder = _publish(params.build / "consent", rows, LATER, policy)
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
