"""All stages, all tasks, on a small brand: the pipeline as DVC runs it, and what must hold of it."""

import json
import shutil
from datetime import date

import numpy as np
import polars as pl
import pytest
from small_world import TASKS

from features import catalog, engines, tables
from features.compute import compute
from features.consent import REASONS
from models.fitted.model import Model
from models.fitted.uplift import LEARNERS, Trial, contact_share
from models.task import task
from training import params as settings
from training.evaluation import truth
from training.evaluation.metrics import integer_codes
from training.evaluation.uplift_metrics import RandomisedOutcomes, judge
from training.stages.dataset import dataset
from training.stages.evaluate import evaluate
from training.stages.fit import fit
from training.stages.tune import tune


@pytest.fixture(scope="module")
def world(small_brand: settings.Params) -> settings.Params:
    """The small brand, in the folder that is worked in."""
    return small_brand


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
