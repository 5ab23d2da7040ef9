"""The service says what the commands of a small brand published, and plans as they do."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import client_of, jobs_of
from typer.testing import CliRunner

import memberlens
from features.timestamps import extract_moment
from models.acting.scenes import ACT
from serving.audience_worker import Planning
from serving.ledger.audience_store import Audiences
from serving.settings import Settings
from serving.state import State
from training import params as settings
from training.acting import draft, offers, plan, scenes
from training.io import read_json

RUNNER = CliRunner()


def moment(world: settings.Params) -> int:
    return extract_moment(read_json(world.build / "ingest.json")) + 1


@pytest.fixture(scope="module")
def rows(acting_world: settings.Params, served: object) -> pl.DataFrame:
    return pl.read_parquet(scenes.place(acting_world))


@pytest.fixture(scope="module")
def served(
    acting_world: settings.Params, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TestClient, Planning]:
    """A service over what the commands published, an hour after the extract."""
    home = tmp_path_factory.mktemp("served")
    scenes.make(acting_world, scenes.SceneRequest())
    offers.publish(acting_world, Path("experiments/options.yaml"))
    own = State(Settings(home=Path().absolute(), state=home / "state", data=acting_world.data))
    own.now = lambda: datetime.fromtimestamp(moment(acting_world), UTC) + timedelta(hours=1)  # type: ignore[method-assign]
    jobs = jobs_of(own.settings)
    return client_of(own, jobs), Planning(own, Audiences(jobs.database))


@pytest.mark.parametrize(
    "asked", [{"budget": 40.0, "hold_out": 0.1, "explore": 0.1}, {}, {"salt": "s", "budget": 9.0}]
)
def test_the_services_audience_is_the_plan_of_the_command(acting_world, served, asked):
    client, planning = served
    shutil.rmtree(plan.folder(acting_world, "equal"), ignore_errors=True)
    plan.make(acting_world, replace(draft.Request("equal", blind=True), **asked))
    made = client.post(
        "/v1/audiences",
        json={"name": "equal", "blind": True} | asked,
        headers={"Idempotency-Key": str(asked)},
    )
    assert made.status_code == 202, made.text
    assert planning.step()
    links = made.json()["audience"]["links"]
    table = client.get(links["members"], params={"format": "csv", "limit": 10_000})
    assert table.text == (plan.folder(acting_world, "equal") / "list.csv").read_text()
    brief, facts_ = (
        client.get(links["self"]).json()["audience"]["brief"],
        read_json(plan.folder(acting_world, "equal") / plan.FACTS),
    )
    worded = {name: [one["en"] for one in facts_[name]] for name in ("left_out", "limits")}
    assert {name: [one["text"] for one in brief.pop(name)] for name in worded} == worded
    assert brief == {name: facts_[name] for name in brief}


def test_the_service_says_what_the_night_decided(acting_world, served, rows):
    client, _ = served
    for state in (ACT, "held_out", "no_scene", "suppressed", "capped", "again"):
        for row in rows.filter(pl.col("state") == state).sort("subject")[:5].iter_rows(named=True):
            answered = client.post(
                "/v1/members/next-action", json={"ref": row["subject"], "kind": row["kind"]}
            )
            found = answered.json()["result"]
            if state == ACT:
                assert (found["scene"]["name"], found["option"]) == (row["scene"], row["option"])
                assert found["why"] == row["why_en"]
            elif state == "held_out":
                assert (found["action"], found["held_out"]) == ("nothing", True)
                asked = {"ref": row["subject"], "kind": row["kind"], "scene": row["scene"]}
                held = client.post("/v1/members/holdout", json=asked).json()["result"]
                assert held["held_out"]


def test_an_audience_of_the_service_becomes_a_plan_with_a_readout(
    acting_world, served, monkeypatch, tmp_path
):
    client, planning = served
    monkeypatch.setattr("serving.settings.load", lambda: planning.state.settings)
    asked = {"name": "on-request", "hold_out": 0.3, "blind": True}
    made = client.post("/v1/audiences", json=asked, headers={"Idempotency-Key": "kept"}).json()["audience"]
    assert RUNNER.invoke(memberlens.app, ["audience", made["id"]]).exit_code == 1  # not made yet
    planning.step()
    out = tmp_path / "list.csv"
    found = RUNNER.invoke(memberlens.app, ["audience", made["id"], "--keep", "--out", str(out)])
    assert found.exit_code == 0, found.output
    listed = pl.read_csv(out)
    told = listed.select(
        "subject",
        contacted=pl.col("arm") == "contact",
        answered=pl.lit(0) + (pl.int_range(pl.len()) % 5 == 0),
    )
    told.write_csv(tmp_path / "contacts.csv")
    found = RUNNER.invoke(memberlens.app, ["readout", "on-request", str(tmp_path / "contacts.csv")])
    assert found.exit_code == 0, (found.output, found.exception)
    assert "added answers" in found.output
    again = RUNNER.invoke(memberlens.app, ["audience", made["id"], "--keep", "--out", str(out)])
    assert "exists already" in str(again.exception)
    shutil.rmtree(plan.folder(acting_world, "on-request"))


def test_a_list_on_the_command_line_names_what_is_allowed(acting_world, served, monkeypatch, tmp_path):
    _, planning = served
    monkeypatch.setattr("serving.settings.load", lambda: planning.state.settings)
    for words, says in (
        (["nowhere"], "plans: .*equal"),
        (["equal", "--arm", "half"], "allowed are due, contact, care"),
        (["equal", "--out", str(tmp_path / "x.xlsx")], "end in .csv or .parquet"),
    ):
        found = RUNNER.invoke(memberlens.app, ["audience", *words])
        assert found.exit_code == 1
        with pytest.raises(ValueError, match=says):
            raise found.exception
    printed = RUNNER.invoke(memberlens.app, ["audience", "equal", "--arm", "held_out"])
    assert printed.output.splitlines()[0].startswith("subject,option,arm")
    assert all(",held_out," in line for line in printed.output.splitlines()[1:])
