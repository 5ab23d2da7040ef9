"""All stages, all tasks, on a small brand: the pipeline as DVC runs it, and what must hold of it."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from features import catalog, engines, tables
from features.compute import compute
from features.consent import REASONS
from models.booster_sum import Amount
from models.model import Model
from models.task import task
from training import params as settings
from training.evaluation.metrics import codes
from training.evaluation.uplift_metrics import Arms, judge
from training.registry import release, tracking
from training.stages.audit import audit
from training.stages.backtest import backtest
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.evaluate import evaluate
from training.stages.explain import explain
from training.stages.fit import fit
from training.stages.ingest import ingest
from training.stages.report import report
from training.stages.score import score
from training.stages.tune import tune
from training.stages.uplift import uplift
from training.stages.value import value

ROOT = Path(__file__).parent.parent
TASKS = ("lead", "response", "churn")


def small() -> settings.Params:
    given = yaml.safe_load((ROOT / "params.yaml").read_text())
    given["brand"] = {"members": 2500, "leads": 6000, "start": "2024-01-01", "end": "2026-01-01"}
    given["spine"]["churn"] |= {"cutoffs": 12}
    given["spine"]["response"] |= {"max_rows": 12000}
    given["tune"] = {name: {"trials": 2, "rows": 4000} for name in TASKS}
    given["evaluate"] = {"resamples": 60}
    return settings.parse(yaml.safe_dump(given, default_flow_style=False))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[settings.Params]:
    """A folder in which every stage has run once."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        params = small()
        ingest(params)
        consent(params)
        for name in TASKS:
            for stage in (
                dataset,
                audit,
                tune,
                backtest,
                fit,
                evaluate,
                uplift,
                value,
                explain,
                score,
                report,
            ):
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
    groups = catalog.available(task(name).groups, engines.kinds(folder))
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
    model = Model.load(world.build / name / "model")
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
    gone, told = scores.filter(pl.col("status") == "suppressed"), scores.filter(pl.col("status") == "ok")
    assert gone["suppression_reason"].is_in(REASONS).all()
    assert told["suppression_reason"].null_count() == len(told)
    numbers = gone.select(
        pl.exclude("subject_id", "campaign_id", "as_of", "score_id", "status", "suppression_reason")
    )
    assert sum(numbers.null_count().row(0)) == numbers.width * len(gone) > 0
    population = json.loads((world.build / name / "population.json").read_text())
    assert population["n"] == len(told)


def test_the_effect_of_a_contact_is_found_where_the_truth_says_it_is(world):
    found = json.loads((world.results / "response" / "uplift.json").read_text())
    assert found["orders"]["uplift"]["qini"]["low"] > 0
    folder = world.build / "response"
    rows = pl.read_parquet(folder / "dataset.parquet").filter(pl.col("split") == "test")
    truth = pl.read_parquet(world.build / "truth" / "response.parquet")
    rows = rows.join(truth, on="contact_id", how="left", maintain_order="left")
    effect = (rows["probability_treated"] - rows["probability_control"]).to_numpy()
    amount = Amount.load(folder / "uplift")
    score = amount.predict(Model.load(folder / "model").encoder.transform(rows))
    rank = np.corrcoef(score.argsort().argsort(), effect.argsort().argsort())[0, 1]
    arms = Arms(
        rows["label"].to_numpy(), (rows["arm"] == "treat").to_numpy(), codes(rows["member_id"].to_numpy())
    )
    orders, _ = judge(arms, {"best": effect, "found": score}, 20, 0)
    assert rank > 0.4
    assert orders["found"]["qini"]["value"] > 0.5 * orders["best"]["qini"]["value"]


@pytest.mark.parametrize("name", ["lead", "churn"])
def test_without_a_control_arm_nothing_is_called_uplift(world, name):
    found = json.loads((world.results / name / "uplift.json").read_text())
    assert found == {"assessed": False, "reason": "no_arm", "ranking": "propensity"}


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
    assert release.release(world, "churn") == "1"
    assert release.release(world, "churn") == "1"
    (world.build / "churn" / "tracked.json").unlink()
    tracking.track(world, "churn")
    assert release.release(world, "churn") == "2"
    assert release.rollback(world, "churn") == "1"
    assert str(api.get_model_version_by_alias("churn", "champion").version) == "1"
    decisions = (world.results / release.LOG).read_text().splitlines()
    assert [json.loads(line)["decision"] for line in decisions] == ["release", "release", "rollback"]


def test_a_model_that_misses_a_gate_is_refused_and_named(world, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    gate = {"gate": "positives in the test", "value": 3, "needs": ">= 50", "passed": False}
    monkeypatch.setattr(release, "release_gates", lambda params, name: [gate])
    tracking.track(world, "lead")
    with pytest.raises(release.RefusedError, match=r"positives in the test: 3 \(needs >= 50\)"):
        release.release(world, "lead")


def test_no_history_stops_with_a_sentence(world, tmp_path):
    params = small().model_copy(update={"data": "short"})
    shutil.copytree(world.build / "tables", params.build / "tables")
    facts = json.loads((world.build / "ingest.json").read_text())
    facts["extracted_at"] = f"{date(2024, 2, 1).isoformat()}T00:00:00+00:00"
    (params.build / "ingest.json").write_text(json.dumps(facts))
    with pytest.raises(ValueError, match="churn"):
        dataset(params, "churn")
    shutil.rmtree(params.build)
