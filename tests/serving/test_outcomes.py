"""What became of subjects: checked against the scores that were given, and brought back as tables."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import Brand, client_of
from typer.testing import CliRunner

from models.task import requirements
from serving import __main__ as commands
from serving.ledger import outcome_checks, outcome_exports
from serving.settings import Settings
from serving.state import State
from training.sources.check import check

CHURN, RESPONSE = "/v1/models/churn", "/v1/models/response"
MAPPING = """about: What was served.
folder: .
sources:
  told: {file: responses.parquet}
  sent: {file: contacts.parquet}
tables:
  responses:
    - source: told
      columns:
        {occurred_at: occurred_at, recorded_at: recorded_at, member_id: member_id, lead_id: lead_id,
         campaign_id: campaign_id, kind: kind}
  contacts:
    - source: sent
      columns:
        {occurred_at: occurred_at, recorded_at: recorded_at, contact_id: contact_id,
         campaign_id: campaign_id, member_id: member_id, arm: arm}
"""


@pytest.fixture
def own(brand: Brand, state: State, tmp_path: Path) -> State:
    settings = Settings.model_validate(brand.settings.model_dump() | {"state": tmp_path / "kept"})
    return State(settings, champions=state.champions)


@pytest.fixture
def caller(own: State) -> TestClient:
    return client_of(own)


def later(**more: Any) -> str:
    return (datetime.now(UTC) + timedelta(**more)).isoformat()


def scored(caller: TestClient, ref: str = "m5", campaign: str | None = None) -> str:
    where, more = (CHURN, {}) if campaign is None else (RESPONSE, {"campaign_id": campaign})
    found: str = caller.post(f"{where}/score", json={"ref": ref} | more).json()["result"]["score_id"]
    return found


def tell(caller: TestClient, *told: dict[str, Any]) -> dict[str, Any]:
    common = {"kind": "answered", "occurred_at": later()}
    rows = [common | {"event_id": f"e{at}"} | one for at, one in enumerate(told)]
    answer = caller.post("/v1/outcomes", json={"outcomes": rows})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_what_cannot_be_true_is_refused_and_the_rest_kept(caller: TestClient):
    mine = scored(caller)
    found = tell(
        caller,
        {"score_id": mine, "ref": "m5", "model": "churn"},
        {"score_id": "01K"},
        {"score_id": mine, "ref": "m6"},
        {"score_id": mine, "occurred_at": later(hours=-1)},
        {"ref": "m5", "occurred_at": later(hours=1)},
        {"score_id": mine, "model": "lead"},
        {"ref": "m7", "occurred_at": later(days=-300)},
    )
    assert [(one["pointer"], one["code"]) for one in found["errors"]] == [
        ("/outcomes/1/score_id", "unknown_score"),
        ("/outcomes/2/ref", "other_subject"),
        ("/outcomes/3/occurred_at", "before_score"),
        ("/outcomes/4/occurred_at", "in_future"),
        ("/outcomes/5/model", "other_model"),
    ]
    assert [found[name] for name in ("accepted", "duplicates", "refused")] == [2, 0, 5]
    assert "m6" not in str(found["errors"])


def test_clocks_may_differ_by_minutes(caller: TestClient):
    mine = scored(caller)
    found = tell(
        caller,
        {"score_id": mine, "occurred_at": later(minutes=-4)},
        {"score_id": mine, "occurred_at": later(minutes=4)},
    )
    assert (found["accepted"], found["refused"]) == (2, 0)


def test_a_score_that_another_worker_just_gave_is_waited_for(own: State, caller: TestClient):
    other = State(own.settings, champions=own.champions)
    mine = scored(client_of(other))

    def arriving(_: float) -> None:
        other.score_log.flush()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcome_checks, "sleep", arriving)
        assert tell(caller, {"score_id": mine})["accepted"] == 1


@pytest.mark.parametrize("kind", ["delivered", "bounced", "unsubscribed", "refused"])
def test_kinds_of_every_campaign_system_are_kept(caller: TestClient, kind: str):
    assert tell(caller, {"ref": "m5", "kind": kind})["accepted"] == 1


def test_who_refused_is_written_to_no_more_also_where_only_the_score_is_named(caller: TestClient):
    mine = scored(caller, "m6")
    told = [{"ref": "m5", "kind": "refused"}, {"score_id": mine, "kind": "unsubscribed"}]
    assert tell(caller, *told, {"ref": "m7", "kind": "bounced"})["accepted"] == 3
    found = [caller.post("/v1/models/churn/score", json={"ref": ref}).json() for ref in ("m5", "m6", "m7")]
    reasons = [one["result"].get("suppression_reason") for one in found]
    assert reasons == ["do_not_contact", "do_not_contact", None]


def test_a_refusal_is_heard_where_its_outcome_cannot_be_kept(caller: TestClient):
    """Of a score that is no longer known, or by a clock that is ahead: whoever is named said no."""
    told = [
        {"ref": "m5", "score_id": "01K"},
        {"ref": "m6", "occurred_at": later(hours=9)},
        {"score_id": "01K"},
    ]
    found = tell(caller, *(one | {"kind": "unsubscribed"} for one in told))
    assert (found["accepted"], found["refused"]) == (0, 3)
    asked = [caller.post(f"{CHURN}/score", json={"ref": ref}).json()["result"] for ref in ("m5", "m6", "m7")]
    assert [one.get("suppression_reason") for one in asked] == ["do_not_contact", "do_not_contact", None]


@pytest.mark.parametrize("more", [{}, {"model": "lead"}])
def test_a_lead_that_refused_is_followed_whether_or_not_the_model_is_named(caller: TestClient, more: Any):
    asked = {"ref": "l5", "consent": {"profiling": "granted"}}
    assert caller.post("/v1/models/lead/score", json=asked).json()["result"]["status"] == "ok"
    assert tell(caller, {"ref": "l5", "kind": "unsubscribed"} | more)["accepted"] == 1
    found = caller.post("/v1/models/lead/score", json=asked).json()["result"]
    assert found.get("suppression_reason") == "do_not_contact"


def test_outcomes_come_back_as_tables_of_the_contract(caller: TestClient, own: State, tmp_path: Path):
    sent, lead = scored(caller, "m5", "c1"), "l3"
    found = tell(
        caller,
        {"score_id": sent, "kind": "delivered"},
        {"score_id": sent, "kind": "contacted"},
        {"score_id": sent, "kind": "answered"},
        {"score_id": scored(caller, "m6"), "kind": "unsubscribed"},
        {"ref": lead, "model": "lead", "kind": "converted", "value_cents": 100},
        {"ref": "m7", "kind": "purchased"},
    )
    assert found["accepted"] == 6
    own.score_log.batches.keep(own.champions["churn"], own.settings)
    own.score_log.flush()
    rows = outcome_exports.export(own.settings, tmp_path / "out")
    batch = len(own.champions["churn"].snapshot.frame)  # type: ignore[union-attr]
    assert rows == {"responses": 3, "contacts": 1, "scores": 2 + batch, "outcomes": 6}
    responses, contacts, scores = (
        pl.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("responses", "contacts", "scores")
    )
    assert set(responses.select("member_id", "lead_id", "campaign_id", "kind").rows()) == {
        ("m5", None, "c1", "answered"),
        ("m6", None, None, "blocked"),
        (None, lead, None, "converted"),
    }
    assert contacts.select("contact_id", "campaign_id", "member_id").rows() == [(sent, "c1", "m5")]
    assert scores.filter(pl.col("score_id") == sent)["id"].to_list() == ["m5"]
    assert scores["id"].null_count() == 0
    assert scores["probability"].is_between(0, 1).sum() > batch / 2
    _accepted(tmp_path / "out", {"responses": 3, "contacts": 1})


def _accepted(folder: Path, rows: dict[str, int]) -> None:
    """The contract's own validation takes every row."""
    (folder / "served.yaml").write_text(MAPPING)
    said = list(check(folder / "served.yaml", requirements()).lines())
    for name, count in rows.items():
        assert any(line.startswith(name) and f" {count} read, {count} accepted" in line for line in said), (
            said
        )


def test_the_command_writes_the_tables(
    caller: TestClient, own: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tell(caller, {"ref": "m5"})
    monkeypatch.setattr(commands.settings, "load", lambda: own.settings)
    found = CliRunner().invoke(commands.app, ["outcomes", "export", str(tmp_path / "out")])
    assert found.exit_code == 0, found.output
    assert "responses.parquet: 1 rows" in found.output.replace("\n", "")
    assert len(pl.read_parquet(tmp_path / "out" / "responses.parquet")) == 1
