"""The whole life on Spark: equal to one machine's, repeatable, and no rows on the driver."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Event

import numpy as np
import own_worlds
import polars as pl
import pytest
import spark_world
from polars.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score
from spark_world import BAGS, ROUNDS, TASKS, World, life_of, on_one_machine, parts, place_of
from xgboost import Booster

from features import own_tables
from features.compute import compute
from features.groups.own import own_groups
from models.fitted.model import Model
from models.task import task
from serving.champion.feature_snapshot import Snapshot
from training import params as settings
from training.data.rows import read_contacted
from training.data.rows import tables as scanned
from training.evaluation.recalibration import POSITIVES, calibrated, followed, newest
from training.io import read_json
from training.spark import learn, margin_bins, partition, scores, spine
from training.spark.life import Life
from training.spark.report_steps import Told
from training.spark.rows import sample
from training.spark.session import worded
from training.stages.dataset import labelled_spine as asked
from training.stages.evaluate import evaluate
from training.stages.fit import fit
from training.stages.score import score

pytest.importorskip("pyspark", reason="pyspark is an extra: memberlens[spark]")
pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("life")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with spark_world.begun(folder) as found:
            yield found


@pytest.fixture(scope="module")
def churn(world: World) -> Life:
    """The life that goes to its end, with trees of the cluster and points of a scorecard in its model."""
    life = world.lives["churn"]
    spark_world.of_both_kinds(life)
    return life


@pytest.mark.parametrize("name", TASKS)
def test_questions_labels_splits_and_features_are_those_of_one_machine(world, name):
    folder = on_one_machine(world, name)
    expected = pl.read_parquet(folder / "dataset.parquet")
    found = parts(world.lives[name].dataset.folder)
    key = ("as_of", task(name).question_key)
    assert found["row_id"].n_unique() == len(found) > 500
    one, two = (rows.drop("row_id").sort(key) for rows in (expected, found))
    assert_frame_equal(two.select(one.columns), one, rel_tol=1e-12)
    facts, told = (read_json(path / "dataset.json") for path in (folder, world.lives[name].split.folder))
    alike = facts.keys() - {"enough", "dropped"}  # which are found out from features
    assert {key: told[key] for key in alike} == {key: facts[key] for key in alike}
    assert world.lives[name].facts["enough"] == facts["enough"]
    assert {one["column"] for one in facts["enough"]} > {None}


def test_rows_without_dates_are_drawn_as_on_one_machine(world):
    params, tables = spark_world.without_dates(world)
    life = replace(world.lives["lead"], place=place_of(params, "given"))
    expected, steps = asked(task("given"), scanned(tables), params.spine.given, params, life.end, None)
    found = parts(life.questions.folder).select(expected.columns)
    assert_frame_equal(*(rows.drop("row_id").sort("as_of", "subject_id") for rows in (found, expected)))
    assert read_json(life.questions.folder / "steps.json") == steps
    assert found["row_id"].n_unique() == found["as_of"].n_unique() + 200 == 900


def test_own_tables_and_folders_of_partitions_give_what_they_give_on_one_machine(world, tmp_path):
    life, place = world.lives["churn"], replace(world.lives["churn"].place, build=str(tmp_path))
    (tables := tmp_path / "tables").mkdir()
    questions = parts(life.split.folder)
    who = questions["member_id"].unique().sort().to_list()
    spark_world.own_in_parts(tables, {f"m{at}": who[at * 9] for at in range(8)})
    points, _, footfall, _ = own_worlds.described(tmp_path)
    few = {"windows": (30,), "columns": footfall.columns[:1]}  # what is planned takes Spark seconds a column
    own_tables.save([points, footfall.model_copy(update=few)], tables)
    partition.cut(life.session, tables, tmp_path / "none.parquet", "member_id", 2, place.cuts)
    spine.features(life.session, place, life.split.folder, tmp_path / "out")
    groups = own_groups(own_tables.load(tables), {"member_id"})
    rows_of = {name: rows.collect() for name, rows in scanned(tables).items()}
    expected = compute(questions, rows_of, groups).sort("row_id")
    found = parts(tmp_path / "out").sort("row_id").select(expected.columns)
    assert_frame_equal(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    assert sum(expected.select(pl.exclude("row_id").n_unique() > 2).row(0)) > 40


def test_one_booster_scores_everybody_as_the_batch_of_one_machine(world, churn):
    life, params = churn, world.params
    found = parts(life.scores.folder).sort("subject_id")
    folder = params.build / "churn"
    folder.mkdir(exist_ok=True)
    shutil.copytree(life.final.folder, folder / "final", dirs_exist_ok=True)
    score(params, "churn")
    expected = pl.read_parquet(folder / "scores.parquet").sort("subject_id")
    assert {*expected["status"]} >= {"ok", "suppressed", "outside_population"}
    close = ("percentile", "score", "band")
    exact = expected.drop("reasons", *close)
    assert_frame_equal(found.select(exact.columns), exact, abs_tol=1e-6, rel_tol=0)
    one, two = (
        rows.select("subject_id", "reasons").explode("reasons").unnest("reasons")
        for rows in (expected, found)
    )
    assert_frame_equal(two, one, abs_tol=1e-6, rel_tol=0)
    assert two["en"].null_count() < len(two)
    assert (found["percentile"] - expected["percentile"]).abs().max() <= 1
    assert (found["band"] == expected["band"]).mean() > 0.97


def test_nobody_to_score_is_a_finished_run(world, churn, tmp_path, capsys):
    people, chances = tmp_path / "people", tmp_path / "chances"
    for path in churn.people.folder.glob("part-*.parquet"):
        partition.write(pl.read_parquet(path).head(0), people / path.name)
    session, place, model, found = churn.session, churn.place, churn.final.folder, churn._tested()
    scores.chances(session, place, people, model, churn.end + 1, chances)
    assert scores.population(session, chances, model, "") is None
    test = parts(churn.predicted.folder).filter("contacted", fold=-1)
    assert (found.n, found.as_of) == (len(test), datetime.fromtimestamp(test["as_of"].max(), UTC).isoformat())
    p = Model.load(churn.model.folder).calibration.probability(test["margin"])
    assert found.grid[::50] == pytest.approx(np.quantile(p, [0, 0.5, 1]), abs=2e-3)
    scores.scores(session, place, people, model, found, churn.end + 1, tmp_path)
    assert parts(tmp_path).schema == parts(churn.scores.folder).schema
    assert parts(tmp_path).is_empty()
    assert re.search(r"churn: the task is about nobody.*\n.*scored 0 of 0", capsys.readouterr().err)


def test_training_ranks_later_rows_as_well_as_on_one_machine(world, churn):
    life, params, folder = churn, world.params, on_one_machine(world, "churn")
    shutil.copy(life.searched.folder / "tune.json", folder / "tune.json")
    fit(params, "churn")
    rows = read_contacted(folder)[0].filter(pl.col("split") == "test")
    one, two = (
        roc_auc_score(rows["label"], model.probability(rows))
        for model in (Model.load(folder / "model"), Model.load(life.model.folder))
    )
    assert abs(one - two) <= 0.03  # a few hundred rows; .002 holds on tens of thousands
    assert read_json(life.final.folder / "metrics.json")["auc"] == pytest.approx(two, abs=2e-3)
    judged, served = (Model.load(step.folder) for step in (life.model, life.final))
    assert served.card["learnt"]["rows"] > judged.card["learnt"]["rows"]
    assert {*judged.card} == {*Model.load(folder / "model").card}
    assert judged.calibration.slope == pytest.approx(Model.load(folder / "model").calibration.slope, abs=0.6)


def test_no_rows_come_to_the_driver(world, churn):
    assert churn.scores.is_done
    told = spark_world.result_sizes(world.log)
    assert len(told) > 20
    assert sum(told) < 1_000_000, sorted(told)[-10:]
    files = [*churn.scores.folder.parent.glob("fit-*/*")]
    assert {path.name for path in files} == {"booster.ubj", "workers.json", "made_from.json"}
    boosters = [Booster(model_file=path) for path in files if path.suffix == ".ubj"]
    assert min(booster.num_boosted_rounds() for booster in boosters) > BAGS * ROUNDS


def test_a_second_run_does_nothing_and_other_settings_only_what_hangs_on_them(world):
    def refused() -> None:
        raise AssertionError("a session was opened")

    done = world.lives["churn"].scores.folder
    before = {path: path.stat().st_mtime_ns for path in done.rglob("*")}
    assert before
    life_of(world.params, "churn", refused).run()
    assert {path: path.stat().st_mtime_ns for path in done.rglob("*")} == before
    other = world.params.model_copy(update={"seed": 8})
    changed = life_of(other, "churn", refused)
    assert changed.people.is_done  # features of everybody hang on no seed
    with pytest.raises(AssertionError, match="opened"):
        changed.questions  # noqa: B018


def test_the_level_follows_the_newest_outcomes_as_on_one_machine(world, churn):
    test = parts(churn.predicted.folder).filter("contacted", fold=-1)
    own = Model.load(churn.model.folder).calibration
    moved = replace(own, intercept=own.intercept + 4)  # a surprise to few rows too
    for positives in (5, POSITIVES):
        one = newest(test, positives)
        two = margin_bins.newest(churn.session, churn.place, churn.predicted.folder, positives)
        assert (two["n"].sum(), two["n"].dot(two["label"])) == (len(one), one["label"].sum())
        levels = [followed(moved, known) for known in (one, two)]
        assert levels[0] != moved
        assert levels[1].intercept == pytest.approx(levels[0].intercept, abs=1e-4)
    model = replace(Model.load(churn.model.folder), calibration=moved)
    for level, served in (("frozen", moved), ("monthly", levels[1])):
        release = settings.Release(learn="before_test", level=level)
        params = world.params.model_copy(update={"release": release})
        assert life_of(params, "churn", churn.opened)._level(model).calibration == served


def test_it_is_judged_and_handed_over_as_on_one_machine(world, churn, tmp_path, monkeypatch):
    params, folder = world.params, on_one_machine(world, "churn")
    (alone := tmp_path / folder).mkdir(parents=True)
    for name in ("dataset.parquet", "dataset.json"):
        shutil.copy(folder / name, alone)
    shutil.copytree(churn.model.folder, alone / "model")
    Told(churn).run()
    found, told = (read_json(params.results / "churn" / name) for name in ("detail.json", "whole.json"))
    report, listed = read_json(params.results / "churn" / "report.json"), parts(churn.scores.folder)
    final, calibration = Model.load(folder / "final"), Model.load(folder / "model").calibration
    snapshot = Snapshot.load(folder / "snapshot", final.fingerprints)
    oof, published = (pl.read_parquet(folder / name) for name in ("oof.parquet", "scores.parquet"))
    monkeypatch.chdir(tmp_path)
    evaluate(params, "churn")
    assert found == read_json(params.results / "churn" / "detail.json")
    assert told["measures"]["auc"] == pytest.approx(found["estimators"]["model"]["auc"]["value"], abs=3e-3)
    assert told["dealt"] == {"buckets": 2, "workers": [2]}
    assert told["listed"]["asked"] == report["sections"]["today"]["asked"] == len(listed)
    assert calibrated(oof).slope == pytest.approx(calibration.slope, abs=0.02)
    assert final.card["reasons"]["rows"] > 50
    assert "sample" not in {*final.card, *report["sections"]["data"]}  # it is of all rows
    assert_frame_equal(published.sort("subject_id"), listed.sort("subject_id"))
    assert {*snapshot.subjects} == {*listed["subject_id"]}


def test_a_sample_is_of_whole_subjects_and_says_of_how_many(world, tmp_path):
    life = world.lives["churn"]
    few = world.params.model_copy(update={"spark": settings.Spark(sample_rows=300)})
    place = replace(life.place, settings=few.model_dump_json())
    facts = read_json(life.split.folder / "dataset.json")
    told = sample(life.session, place, life.dataset.folder, facts, tmp_path)["sample"]
    every, found = (
        frame.filter(pl.col("split") != "gap")
        for frame in (parts(life.dataset.folder), pl.read_parquet(tmp_path / "dataset.parquet"))
    )
    counts = [number for frame in (found, every) for number in (len(frame), frame["member_id"].n_unique())]
    assert [told[name] for name in ("rows", "subjects", "of", "of_subjects")] == counts
    assert 150 < told["rows"] < 500 < told["of"]
    assert len(every.filter(pl.col("member_id").is_in(found["member_id"].implode()))) == told["rows"]


def test_a_killed_worker_gives_the_same_result(world, tmp_path):
    life = world.lives["lead"]
    expected = parts(life.dataset.folder)
    work, flag = partial(spine._features, life.place, life.split.folder, tmp_path), tmp_path / "killed"

    def dies_once(number: int) -> int:
        if number == 1 and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return work(number)

    partition.each(life.session, 2, dies_once, max)
    assert flag.exists()
    key = ("as_of", "lead_id")
    assert_frame_equal(parts(tmp_path).sort(key), expected.sort(key))
    assert len([*tmp_path.glob("*.parquet")]) == 2


def test_a_worker_killed_while_trees_are_learnt_gives_the_same_booster(churn, tmp_path, monkeypatch, capsys):
    life, flag, kept = churn, tmp_path / "killed", learn.Written

    class DiesOnce(kept):
        def after_iteration(self, model: Booster, epoch: int, evals_log: dict) -> bool:
            if epoch == 3 and "bag-1" in self.path.name and not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().after_iteration(model, epoch, evals_log)

    monkeypatch.setattr(learn, "Written", DiesOnce)
    where, most = learn.before(life.facts["test_start_time"]), life.place.buckets
    fit = learn.Fit(life.encoded.folder, where, life.recipe, life.encoder, most, refits=1)
    sample = life.encoded.folder / "sample" / "part-sample.parquet"
    learn.fitted(life.session, fit, sample, tmp_path)
    assert flag.exists()
    assert "again, at most 1 times" in capsys.readouterr().err
    found, expected = (folder / learn.BOOSTER for folder in (tmp_path, life.before_test.folder))
    assert found.read_bytes() == expected.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {flag.name, learn.BOOSTER, learn.WORKERS}


def test_what_an_executor_raises_is_one_sentence(world):
    def refuses(number: int) -> int:
        raise ValueError(f"brand: bucket {number % 1} is no bucket")

    with pytest.raises(ValueError, match=r"^brand: bucket 0 is no bucket$"), worded("local", Event()):
        partition.each(world.lives["lead"].session, 2, refuses, max)
