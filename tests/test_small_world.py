"""All stages, all tasks, on a small brand: the pipeline as DVC runs it, and what must hold of it."""

import json
import runpy
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import stages
import yaml
from fastapi.testclient import TestClient
from released import client_of

import memberlens
from features import catalog, engines, tables
from features.compute import compute
from features.consent import REASONS
from models.fitted.model import Model
from models.fitted.uplift import LEARNERS, Trial, contact_share
from models.task import task
from serving.champion import registry
from serving.settings import Limits, Settings
from serving.state import State
from training import params as settings
from training.evaluation import truth
from training.evaluation.metrics import integer_codes
from training.evaluation.uplift_metrics import RandomisedOutcomes, judge
from training.registry import rebase, release, release_log, tracking
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.evaluate import evaluate
from training.stages.final import final
from training.stages.fit import fit
from training.stages.ingest import ingest
from training.stages.score import score
from training.stages.tune import tune

ROOT = Path(__file__).parent.parent
TASKS = ("lead", "response", "churn", "recall")


def small() -> str:
    given = yaml.safe_load((ROOT / "params.yaml").read_text())
    given["brand"] = {"members": 2500, "leads": 6000, "start": "2024-01-01", "end": "2026-01-01"}
    given["spine"]["churn"] |= {"days": 60, "gap": 7, "cutoffs": 12}
    given["spine"]["recall"] |= {"cutoffs": 12}
    given["spine"]["response"] |= {"max_rows": 12000}
    given["tune"] = {name: {"trials": 2, "rows": 4000} for name in TASKS}
    given["evaluate"] = {"resamples": 60}
    given["backtest"] = {"origins": 4, "rows": 3000, "resamples": 20}
    given["explain"] = stages.EXPLAIN.model_dump()
    given["engine"]["threads"] = 1  # the tests beside these have the other core
    given["fit"] = {"bags": 2}
    return yaml.safe_dump(given, default_flow_style=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[settings.Params]:
    """A folder in which every stage has run once."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "params.yaml").write_text(small())
        params = settings.load()
        ingest(params)
        consent(params)
        for name in TASKS:
            for stage in stages.EVERY:
                stage(params, name)
        yield params


@pytest.mark.parametrize("name", TASKS)
def test_splits_are_apart_by_the_outcome_window(world, name):
    rows = pl.read_parquet(world.build / name / "dataset.parquet")
    test = rows.filter(pl.col("split") == "test")
    before = rows.filter(pl.col("split").is_in(["train", "valid"]))
    assert before["window_end"].max() <= test["as_of"].min()
    assert rows["label"].is_in([0, 1]).all()


@pytest.mark.parametrize("name", TASKS)
def test_the_model_ranks_later_rows_better_than_chance(world, name):
    found = json.loads((world.results / name / "detail.json").read_text())
    assert found["estimators"]["model"]["auc"]["low"] > 0.5
    assert len(json.loads((world.results / name / "metrics.json").read_text())) <= 15


@pytest.mark.parametrize("name", TASKS)
def test_contributions_add_up_on_every_row_of_a_sample(world, name):
    model = Model.load(world.build / name / "model")
    rows = pl.read_parquet(world.build / name / "dataset.parquet").sample(300, seed=1)
    inputs = model.inputs(rows)
    values, base = model.contributions(inputs)
    log_odds = model.calibration.log_odds(model.margin(inputs))
    assert np.abs(values.sum(axis=1) + base - log_odds).max() < 1e-5


@pytest.mark.parametrize("name", TASKS)
def test_a_row_of_the_data_set_equals_the_row_computed_alone(world, name):
    rows = pl.read_parquet(world.build / name / "dataset.parquet").sample(5, seed=2)
    folder = world.build / "tables"
    groups = catalog.available(task(name).groups, engines.attribute_types(folder))
    found = {path.stem: pl.read_parquet(path) for path in folder.glob("*.parquet")}
    spine = rows.drop([f.name for f in catalog.features(groups)])
    for at in range(len(rows)):
        alone = compute(spine[at : at + 1], found, groups)
        for column in alone.columns:
            assert alone[column].to_list() == pytest.approx(
                rows[at : at + 1][column].to_list(), nan_ok=True
            ), column


@pytest.mark.parametrize("name", TASKS)
def test_the_released_files_score_like_the_batch(world, name):
    model = Model.load(world.build / name / "final")
    snapshot = pl.read_parquet(world.build / name / "snapshot" / "snapshot.parquet")
    scores = pl.read_parquet(world.build / name / "scores.parquet")
    free = scores["status"] == "ok"
    told = scores.filter(free)
    assert 0 < len(told) < len(scores)
    assert np.abs(model.probability(snapshot.filter(free)) - told["probability"].to_numpy()).max() < 1e-6
    assert told["percentile"].is_between(0, 100).all()


@pytest.mark.parametrize("name", TASKS)
def test_who_is_suppressed_has_a_reason_and_no_number(world, name):
    scores = pl.read_parquet(world.build / name / "scores.parquet")
    told, gone = scores.filter(pl.col("status") == "ok"), scores.filter(pl.col("status") != "ok")
    suppressed, elsewhere = (
        gone.filter(pl.col("status") == word) for word in ("suppressed", "outside_population")
    )
    assert suppressed["suppression_reason"].is_in(REASONS).all()
    codes_there = {line["code"] for line in Model.load(world.build / name / "model").card["boundaries"]}
    assert set(elsewhere["outside_reason"]) <= codes_there
    assert (elsewhere.height > 0) == (name != "response")
    assert told["suppression_reason"].null_count() == told["outside_reason"].null_count() == len(told)
    why = ("suppression_reason", "outside_reason")
    numbers = gone.select(pl.exclude("subject_id", "campaign_id", "as_of", "score_id", "status", *why))
    assert sum(numbers.null_count().row(0)) == numbers.width * len(gone) > 0
    population = json.loads((world.build / name / "population.json").read_text())
    assert population["n"] == len(told)


def test_the_effect_of_a_contact_is_found_where_the_truth_says_it_is(world):
    """By the learner that was chosen, released or not: so small a brand is rarely sure of it."""
    found = json.loads((world.results / "response" / "uplift.json").read_text())
    sure = min(found["orders"]["uplift"]["qini"]["low"], found["difference"]["qini"]["low"]) > 0
    assert found["ranking"] == ("uplift" if sure else "propensity")
    folder = world.build / "response"
    rows, encoder = pl.read_parquet(folder / "dataset.parquet"), Model.load(folder / "model").encoder
    treated = (rows["arm"] == "treat").to_numpy()
    share = contact_share(treated, rows["campaign_id"].to_numpy())
    trial = Trial(
        encoder.transform(rows), rows["label"].to_numpy().astype(float), treated,
        integer_codes(rows["member_id"].to_numpy()), share, encoder.feature_types, world.seed, 2,
    )  # fmt: skip
    learner, rounds = found["learner"].split("-")
    amount = LEARNERS[learner](trial.take((rows["split"] != "test").to_numpy())).first(int(rounds))
    later = (rows["split"] == "test").to_numpy()
    rows = rows.filter(later)
    known = pl.read_parquet(world.build / "truth" / "response.parquet")
    rows = rows.join(known, on="contact_id", how="left", maintain_order="left")
    effect = (rows["probability_treated"] - rows["probability_control"]).to_numpy()
    score = amount.predict(encoder.transform(rows))
    rank = np.corrcoef(score.argsort().argsort(), effect.argsort().argsort())[0, 1]
    test = trial.take(later)
    arms = RandomisedOutcomes(test.label, test.treated, test.subject, test.share)
    orders, _ = judge(arms, {"best": effect, "found": score}, 20, 0)
    assert rank > 0.25
    assert orders["found"]["qini"]["value"] > 0


@pytest.mark.parametrize("name", ["lead", "churn"])
def test_without_a_control_arm_nothing_is_called_uplift(world, name):
    found = json.loads((world.results / name / "uplift.json").read_text())
    assert found == {"assessed": False, "reason": "no_arm", "ranking": "propensity"}


def test_models_are_held_against_what_the_brand_knows_of_itself(world):
    told = truth.text(world)
    found = {line.split("  ")[0]: line for line in told.splitlines() if not line.startswith(" ")}
    assert list(found) == list(TASKS)
    numbers = [line.split() for line in told.splitlines() if "not scored, and with a number" in line]
    assert [line[6] for line in numbers] == ["0"] * len(TASKS)
    lifts = [
        float(line.split("% of the lift")[0].split()[-1]) for line in told.splitlines() if "lift" in line
    ]
    assert len(lifts) == 5
    assert all(-20 < lift < 110 for lift in lifts)
    with pytest.raises(ValueError, match="shop: only the simulated brand knows its truth"):
        truth.text(world.model_copy(update={"data": "shop"}))


def test_the_truth_lies_where_no_feature_reads(world):
    assert (world.build / "truth").is_dir()
    assert {path.stem for path in (world.build / "tables").glob("*.parquet")} <= {*tables.TABLES, "outreach"}


@pytest.mark.parametrize("name", TASKS)
def test_stages_run_again_give_the_same_bytes(world, name):
    kept = {}
    for relative in ("dataset.parquet", "tune.json", "model/model.ubj", "model/card.json", "test.parquet"):
        kept[relative] = (world.build / name / relative).read_bytes()
    for stage in (dataset, tune, fit, evaluate):
        stage(world, name)
    changed = [
        relative
        for relative, content in kept.items()
        if (world.build / name / relative).read_bytes() != content
    ]
    assert changed == []


def test_a_killed_search_goes_on_and_finds_the_same(world, monkeypatch):
    from training.stages import tune as module

    folder = world.build / "churn"
    whole = (folder / "tune.json").read_bytes()
    (folder / "study.journal").unlink()
    real, calls = module._score, []

    def dies(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(module, "_score", dies)
    with pytest.raises(KeyboardInterrupt):
        tune(world, "churn")
    monkeypatch.setattr(module, "_score", real)
    tune(world, "churn")
    again, before = json.loads((folder / "tune.json").read_bytes()), json.loads(whole)
    assert again["best"]["params"] == before["best"]["params"]
    assert [t["params"] for t in again["trials"]] == [t["params"] for t in before["trials"]]


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


def test_no_history_stops_with_a_sentence(world, tmp_path):
    params = world.model_copy(update={"data": "short"})
    shutil.copytree(world.build / "tables", params.build / "tables")
    shutil.copytree(world.build / "consent", params.build / "consent")
    facts = json.loads((world.build / "ingest.json").read_text())
    facts["extracted_at"] = f"{date(2024, 2, 1).isoformat()}T00:00:00+00:00"
    (params.build / "ingest.json").write_text(json.dumps(facts))
    with pytest.raises(ValueError, match="churn"):
        dataset(params, "churn")
    shutil.rmtree(params.build)
