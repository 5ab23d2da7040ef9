"""From the stages of a small brand to a champion: runs, versions, gates, registered models, notebooks."""

import json
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import shap
import small_world
from fastapi.testclient import TestClient
from released import client_of
from scipy.special import expit

import memberlens
from models.estimator import MemberClassifier
from models.fitted.model import Model
from models.learners.recipe import Estimator
from serving.champion import registry
from serving.settings import Limits, Settings
from serving.state import State
from training import params as settings
from training.registry import rebase, release, release_log, tracking
from training.stages.final import final
from training.stages.score import score

ROOT = Path(__file__).parent.parent
WINNERS: dict[str, Estimator] = {
    "churn": "logistic",
    "recall": "average",
}  # of the searches of the small brand


@pytest.fixture(scope="module")
def world(small_brand: settings.Params) -> Iterator[settings.Params]:
    """The small brand, in the folder that is worked in, with a scorecard and an average, and open gates."""
    for name, estimator in WINNERS.items():
        small_world.prefer(small_brand, name, estimator)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(release, "release_gates", lambda params, name: [])
        yield small_brand


def test_models_are_tracked_released_and_rolled_back(world):
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


@pytest.fixture(scope="module")
def released(world) -> settings.Params:
    """The same folder with a champion of churn, a scorecard, and of recall, an average."""
    for name in WINNERS:
        tracking.track(world, name)
        release.release(world, name)
    return world


@dataclass(frozen=True)
class Champion:
    """A released model, rows of its snapshot that may be scored, and who answers for it."""

    task: str
    rows: pl.DataFrame
    client: TestClient
    model: MemberClassifier

    @property
    def features(self) -> pd.DataFrame:
        """The model's inputs, as a notebook holds them."""
        return self.rows.select(self.model.feature_names_in_.tolist()).to_pandas()

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """The answer of the service."""
        return self.client.post(f"/v1/models/{self.task}/{path}", json=body).json()


@pytest.fixture(scope="module")
def state(released) -> State:
    """The service with these champions."""
    here = Settings(home=Path.cwd(), clock={"brand": "data"}, limits=Limits(seconds=20))
    for name in WINNERS:
        registry.pull(here, name)
    found = State(here)
    found.load()
    return found


@pytest.fixture(params=WINNERS)
def champion(request, released, state) -> Champion:
    """What the search of a task preferred, in the service and in a notebook."""
    name, folder = request.param, released.build / request.param
    scored = pl.read_parquet(folder / "scores.parquet").filter(pl.col("status") == "ok")
    rows = pl.read_parquet(folder / "snapshot" / "snapshot.parquet")
    rows = rows.join(scored, on="subject_id", how="semi", maintain_order="left").head(150)
    return Champion(name, rows, client_of(state), memberlens.open().champion(name))


def test_the_level_follows_outcomes_that_the_champion_did_not_learn(world):
    """A version of its own: the same booster, another intercept, new scores, a line in the log."""
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


def test_the_registered_model_says_what_the_service_says(champion):
    import mlflow
    from mlflow.pyfunc.scoring_server import init

    items = [{"ref": ref} for ref in champion.rows["subject_id"]]
    served = [result["probability"] for result in champion.ask("scores", {"items": items})["results"]]
    assert np.ptp(served) > 0.05
    model = mlflow.pyfunc.load_model(f"models:/{champion.task}@champion")
    features = champion.rows.select(model.metadata.get_input_schema().input_names())
    assert model.predict(features.to_pandas()) == pytest.approx(served, abs=1e-6)
    assert champion.model.predict_proba(champion.features)[:, 1] == pytest.approx(served, abs=1e-6)
    answer = TestClient(init(model)).post(
        "/invocations", json={"dataframe_split": {"columns": features.columns, "data": features.rows()[:5]}}
    )
    assert answer.json()["predictions"] == pytest.approx(served[:5], abs=1e-6)


def test_run_and_notebook_name_the_estimator_that_the_search_preferred(champion):
    won = WINNERS[champion.task]
    assert champion.model.get_params()["estimator"] == won
    assert tracking.tags(champion.task, "champion")["mlflow.note.content"].endswith(f"; {won}.")


def test_contributions_add_up_and_are_those_of_the_answer(champion):
    found = champion.model.explain(champion.features)
    assert isinstance(found, shap.Explanation)
    log_odds = champion.model.decision_function(champion.features)
    assert found.values.sum(axis=1) + found.base_values == pytest.approx(log_odds, abs=1e-5)
    told = champion.ask("explain", {"ref": champion.rows["subject_id"][0]})["result"]
    parts = {part["input"]: part["contribution"] for part in told["contributions"]}
    assert told["base"] + sum(parts.values()) == pytest.approx(told["log_odds"], abs=1e-4)
    assert expit(told["log_odds"]) == pytest.approx(told["probability"], abs=1e-5)
    assert [parts[name] for name in found.feature_names] == pytest.approx(found.values[0], abs=1e-5)


def test_only_a_scorecard_gives_the_same_points_for_the_same_value(champion):
    """Its inputs speak each for itself; in trees, and so in the average, they hang on each other.

    Missing is left out: where it never was in training, it is averaged.
    """
    found = champion.model.explain(champion.features)
    values = pd.DataFrame(found.data, columns=found.feature_names)
    points = pd.DataFrame(found.values, columns=found.feature_names)
    apart = max(np.ptp(of) for name in values for _, of in points[name].groupby(values[name]))
    assert (apart < 1e-5) == (WINNERS[champion.task] == "logistic")


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
    gate = {"gate": "positives in the test", "value": 3, "needs": ">= 50", "passed": False}
    monkeypatch.setattr(release, "release_gates", lambda params, name: [gate])
    tracking.track(world, "lead")
    with pytest.raises(release.RefusedError, match=r"positives in the test: 3 \(needs >= 50\)"):
        release.release(world, "lead")
