"""From the stages of a small brand to a champion: runs, versions, gates, registered models, notebooks."""

import json
import runpy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import client_of

import memberlens
from models.fitted.model import Model
from serving.champion import registry
from serving.settings import Limits, Settings
from serving.state import State
from training import params as settings
from training.registry import rebase, release, release_log, tracking
from training.stages.final import final
from training.stages.score import score

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def world(small_brand: settings.Params) -> settings.Params:
    """The small brand, in the folder that is worked in."""
    return small_brand


def test_models_are_tracked_released_and_rolled_back(world, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(release, "release_gates", lambda params, name: [])
    tracking.track(world, "churn")
    first = json.loads((world.build / "churn" / "tracked.json").read_text())
    tracking.track(world, "churn")  # unchanged results are not logged twice
    assert json.loads((world.build / "churn" / "tracked.json").read_text()) == first
    api = tracking.client()
    run = api.get_run(first["run_id"])
    assert run.data.metrics["test.auc"] > 0.5
    children = api.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{first['run_id']}'")
    assert len(children) == 2
    _require_comparable(api, run, children, world)
    assert release.release(world, "churn") == "1"
    assert release.release(world, "churn") == "1"
    (world.build / "churn" / "tracked.json").unlink()
    tracking.track(world, "churn")
    assert release.release(world, "churn") == "2"
    assert release.rollback(world, "churn") == "1"
    assert str(api.get_model_version_by_alias("churn", "champion").version) == "1"
    assert [row["decision"] for row in release_log.read(world)] == ["release", "release", "rollback"]
    assert release_log.faults(world) == []
    assert tracking.holder("churn", "best") == "1"  # not the one that was taken back


def _require_comparable(api, run, children, world):
    """Runs, trials and versions tell in MLflow what they are, when, and by what they compare."""
    tuned = json.loads((world.build / "churn" / "tune.json").read_text())
    assert run.data.metrics["valid.average_precision"] == pytest.approx(tuned["best"]["value"])
    assert run.info.run_name.startswith(f"{world.data}-churn 20")
    assert "Out of time: average precision" in run.data.tags["mlflow.note.content"]
    assert {child.data.tags["state"] for child in children} <= {"COMPLETE", "PRUNED"}
    for child in children:
        assert child.info.status == "FINISHED"
        assert child.info.start_time < child.info.end_time < run.info.start_time  # when it was tried
    steps = api.get_metric_history(run.info.run_id, "backtest.refitted.auc")
    origins = json.loads((world.results / "churn" / "backtest.json").read_text())["origins"]
    assert [metric.step for metric in steps] == list(range(len(origins)))
    days = [datetime.fromtimestamp(metric.timestamp / 1000, UTC).isoformat() for metric in steps]
    assert days == [row["origin"] for row in origins]
    version = api.get_model_version("churn", "1")
    found = json.loads((world.results / "churn" / "metrics.json").read_text())
    assert float(version.tags["average_precision"]) == pytest.approx(found["average_precision"], abs=1e-4)
    assert version.tags["data_as_of"] in run.data.tags["data_as_of"]
    assert len(version.tags["report.sha256"]) == 64
    assert version.description == run.data.tags["mlflow.note.content"]
    kind = api.get_experiment(run.info.experiment_id).tags["mlflow.experimentKind"]
    assert kind == "custom_model_development"
    with pytest.raises(ValueError, match=r"'nosuch' .* versions 1 and aliases"):
        tracking.logged("churn", "nosuch").__enter__()


@pytest.fixture
def released(world, monkeypatch) -> settings.Params:
    """The same folder with a champion of churn."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(release, "release_gates", lambda params, name: [])
    tracking.track(world, "churn")
    release.release(world, "churn")
    return world


def test_the_level_follows_outcomes_that_the_champion_did_not_learn(world, monkeypatch):
    """A version of its own: the same booster, another intercept, new scores, a line in the log."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(release, "release_gates", lambda params, name: [])
    folder = world.build / "churn"
    kept = world.model_copy(update={"release": settings.Release(learn="before_test")})
    final(kept, "churn")
    score(kept, "churn")
    tracking.track(kept, "churn")
    release.release(kept, "churn")
    path = folder / "dataset.parquet"
    before, whole = Model.load(folder / "champion"), path.read_bytes()
    rows = pl.read_parquet(path)
    later = pl.col("split") == "test"
    often = pl.int_range(pl.len()) % 5 < 4  # since then four in five fall silent
    rows.with_columns(label=pl.when(later).then(often).otherwise("label").cast(pl.Int8)).write_parquet(path)
    try:
        version = rebase.rebase(kept, "churn", why="the shop was closed")
        assert rebase.rebase(kept, "churn") is None  # nothing new since
    finally:
        path.write_bytes(whole)
    after = Model.load(folder / "champion")
    assert tracking.holder("churn", "champion") == version
    assert after.booster.save_raw("ubj") == before.booster.save_raw("ubj")
    assert after.calibration.slope == before.calibration.slope
    test = rows.filter(later)
    assert after.probability(test).mean() == pytest.approx(0.8, abs=0.05)
    told = pl.read_parquet(folder / "scores.parquet").filter(pl.col("status") == "ok")
    assert told["probability"].mean() > 0.5
    line = release_log.read(kept)[-1]
    assert (line["decision"], line["why"]) == ("rebase", "the shop was closed")
    assert line["level"]["was"] < 0.9 < line["level"]["is"]
    assert release_log.faults(kept) == []
    final(world, "churn")
    score(world, "churn")


def test_what_learnt_to_the_end_has_nothing_newer_to_follow(released):
    with pytest.raises(ValueError, match="0 of each outcome are known of questions asked since"):
        rebase.rebase(released, "churn")


def test_the_registered_model_says_what_the_service_says(released):
    import mlflow
    from mlflow.pyfunc.scoring_server import init

    here = Settings(home=Path.cwd(), clock={"brand": "data"}, limits=Limits(seconds=20))
    registry.pull(here, "churn")
    state = State(here)
    state.load()
    snapshot = pl.read_parquet(released.build / "churn" / "snapshot" / "snapshot.parquet")
    refs = snapshot["subject_id"].to_list()[:400]
    told = client_of(state).post("/v1/models/churn/scores", json={"items": [{"ref": ref} for ref in refs]})
    results = zip(refs, told.json()["results"], strict=True)
    served = {ref: result["probability"] for ref, result in results if result["status"] == "ok"}
    assert len(served) > 80
    model = mlflow.pyfunc.load_model("models:/churn@champion")
    rows = snapshot.filter(pl.col("subject_id").is_in(list(served)))
    features = rows.select(model.metadata.get_input_schema().input_names())
    assert model.predict(features.to_pandas()) == pytest.approx(list(served.values()), abs=1e-6)
    answer = TestClient(init(model)).post(
        "/invocations", json={"dataframe_split": {"columns": features.columns, "data": features.rows()[:5]}}
    )
    assert answer.json()["predictions"] == pytest.approx(list(served.values())[:5], abs=1e-6)


def test_the_signature_has_the_names_and_types_of_the_catalogue(released):
    import mlflow

    model = mlflow.pyfunc.load_model("models:/churn@champion")
    card = json.loads((released.build / "churn" / "model" / "card.json").read_text())
    kinds = {row["name"]: "string" if row["unit"] == "category" else "double" for row in card["features"]}
    found = {column.name: column.type.name for column in model.metadata.get_input_schema()}
    assert found == {column["name"]: kinds[column["name"]] for column in card["inputs"]}
    example = model.input_example
    assert model.predict(example) == pytest.approx(model.predict(example), nan_ok=False)


def test_a_notebook_has_data_champion_and_scores_in_pandas(released):
    brand = memberlens.open()
    X, y, about = brand.dataset("churn")
    every = pl.read_parquet(released.build / "churn" / "dataset.parquet")
    assert len(X) == len(y) == len(about) == len(every.filter(pl.col("split") != "gap"))
    assert about["as_of"].is_monotonic_increasing
    assert set(about["split"]) == {"train", "valid", "test"}
    assert isinstance(X["region"].dtype, pd.CategoricalDtype)
    test = every.filter(pl.col("split") == "test").sort("row_id")
    served = Model.load(released.build / "churn" / "final").probability(test)
    rows = about["row_id"].isin(test["row_id"].to_list())
    champion = brand.champion("churn")
    order = about.loc[rows, "row_id"].argsort()
    assert champion.predict_proba(X[rows])[order, 1] == pytest.approx(served, abs=1e-6)
    scores = brand.scores("churn")
    assert str(scores["as_of"].dtype).startswith("datetime64")
    assert set(scores["status"]) >= {"ok", "suppressed"}
    with pytest.raises(
        ValueError, match=r"task 'chrun': params.yaml has tasks \['lead', 'response', 'churn', 'recall'\]"
    ):
        brand.dataset("chrun")
    with pytest.raises(LookupError, match="lead: no champion yet"):
        brand.champion("lead")


def test_the_entry_of_the_readme_runs(released):
    blocks = (ROOT / "README.md").read_text().split("```python\n")
    (block,) = (block.split("```")[0] for block in blocks if "memberlens.open()" in block)
    names: dict[str, Any] = {}
    exec(block, names)
    assert len(names["told"].sentences("zh")) == 100


def test_the_notebook_runs(released, monkeypatch, capsys):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    runpy.run_path(str(ROOT / "experiments" / "notebook.py"))
    told = capsys.readouterr().out
    assert "boosting" in told
    assert "整体为" in told


def test_a_model_that_misses_a_gate_is_refused_and_named(world, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    gate = {"gate": "positives in the test", "value": 3, "needs": ">= 50", "passed": False}
    monkeypatch.setattr(release, "release_gates", lambda params, name: [gate])
    tracking.track(world, "lead")
    with pytest.raises(release.RefusedError, match=r"positives in the test: 3 \(needs >= 50\)"):
        release.release(world, "lead")
