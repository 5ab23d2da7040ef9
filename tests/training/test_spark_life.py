"""The whole life on Spark: equal to one machine's, repeatable, and no rows on the driver."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score
from xgboost import Booster

from models.fitted.model import Model
from models.task import task
from training import params as settings
from training.data.rows import load
from training.io import read_json
from training.pipeline import on_spark
from training.spark import partition, questions
from training.spark.life import Life
from training.spark.place import Place
from training.spark.session import opened, require_java, require_reachable, require_workers
from training.spark.steps import code
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.fit import fit
from training.stages.ingest import ingest
from training.stages.score import score

ROOT = Path(__file__).parents[2]
TASKS = ("lead", "response", "churn")  # recall asks members as churn does
SKEWED = 30_000  # events of one member

pytest.importorskip("pyspark", reason="pyspark is an extra: memberlens[spark]")
pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
]


def small() -> str:
    given = yaml.safe_load((ROOT / "params.yaml").read_text())
    given["brand"] = {"members": 500, "leads": 600, "start": "2024-06-01", "end": "2026-01-01"}
    given["spine"]["churn"] |= {"days": 60, "gap": 7, "cutoffs": 8, "folds": 1}
    given["spine"]["recall"] |= {"cutoffs": 8, "folds": 1}
    given["tune"] = {name: {"trials": 1, "rows": 1000} for name in TASKS}
    given["fit"] = {"bags": 1}
    return yaml.safe_dump(given)


@dataclass(frozen=True)
class World:
    """One small brand, and its life on a session that writes its events to ``log``."""

    params: settings.Params
    lives: dict[str, Life]
    log: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("life")
    log = folder / "events"
    log.mkdir()
    conf = {"spark.eventLog.enabled": "true", "spark.eventLog.compress": "false"}
    conf |= {"spark.eventLog.dir": log.as_uri()}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "params.yaml").write_text(small())
        params = settings.load()
        ingest(params)
        _skew(params.build / "tables" / "events.parquet")
        consent(params)
        with opened("local[2,2]", "1g", 2, conf) as session:
            yield World(params, {name: _life(params, name, lambda: session) for name in TASKS}, log)


def _skew(path: Path) -> None:
    """Let one member have most of the events."""
    rows = pl.read_parquet(path)
    own = rows.filter(pl.col("member_id").is_not_null()).head(1).drop("event_time", "known_time")
    times = rows.select("event_time", "known_time").sample(SKEWED, with_replacement=True, seed=1)
    more = own.join(times, how="cross").select(rows.columns)
    pl.concat([rows, more]).write_parquet(path)


def _life(params: settings.Params, name: str, session: Callable[[], Any]) -> Life:
    place = Place(params.model_dump_json(), str(params.build.resolve()), name, 2, code())
    return Life(session, place, read_json(params.build / "ingest.json"))


def parts(folder: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("part-*.parquet"))])


@pytest.mark.parametrize("name", TASKS)
def test_questions_labels_splits_and_features_are_those_of_one_machine(world, name):
    dataset(world.params, name)
    expected = pl.read_parquet(world.params.build / name / "dataset.parquet")
    found = parts(world.lives[name].dataset.folder)
    key = ("as_of", task(name).key)
    assert found["row_id"].n_unique() == len(found) > 500
    one, two = (rows.drop("row_id").sort(key) for rows in (expected, found))
    assert_frame_equal(two.select(one.columns), one, rel_tol=1e-12)
    facts, told = (
        read_json(path / "dataset.json")
        for path in (world.params.build / name, world.lives[name].split.folder)
    )
    alike = facts.keys() - {"enough", "dropped"}  # which are found out from rows
    assert {key: told[key] for key in alike} == {key: facts[key] for key in alike}


def test_one_booster_scores_everybody_as_the_batch_of_one_machine(world):
    life, params = world.lives["churn"], world.params
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


def test_training_ranks_later_rows_as_well_as_on_one_machine(world):
    life, params = world.lives["churn"], world.params
    dataset(params, "churn")
    folder = params.build / "churn"
    shutil.copy(life.searched.folder / "tune.json", folder / "tune.json")
    fit(params, "churn")
    rows = load(folder)[0].filter(pl.col("split") == "test")
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


def test_no_rows_come_to_the_driver(world):
    assert world.lives["churn"].scores.is_done
    files = [path for path in world.log.rglob("*") if path.name.startswith(("events_", "app-", "local-"))]
    events = [json.loads(line) for path in files if path.is_file() for line in path.open()]
    ends = [event for event in events if event["Event"] == "SparkListenerTaskEnd"]
    told = [event["Task Metrics"]["Result Size"] for event in ends if event["Task Type"] == "ResultTask"]
    assert len(told) > 20
    fits = world.lives["churn"].scores.folder.parent.glob("fit-*/*.ubj")
    models = sum(len(Booster(model_file=path).save_raw("json")) for path in fits)
    assert sum(told) - models < 1_000_000, sorted(told)[-10:]  # beside the models themselves


def test_a_second_run_does_nothing_and_other_settings_only_what_hangs_on_them(world):
    def refused() -> None:
        raise AssertionError("a session was opened")

    done = world.lives["churn"].scores.folder
    before = {path: path.stat().st_mtime_ns for path in done.rglob("*")}
    assert before
    _life(world.params, "churn", refused).run()
    assert {path: path.stat().st_mtime_ns for path in done.rglob("*")} == before
    other = world.params.model_copy(update={"seed": 8})
    changed = _life(other, "churn", refused)
    assert changed.people.is_done  # features of everybody hang on no seed
    with pytest.raises(AssertionError, match="opened"):
        changed.questions  # noqa: B018


def test_a_killed_worker_gives_the_same_result(world, tmp_path):
    life = world.lives["lead"]
    expected = parts(life.dataset.folder)
    work = partial(questions._features, life.place, life.split.folder, tmp_path)
    flag = tmp_path / "killed"

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


def test_a_cluster_where_nobody_works_is_an_error_after_a_while(world):
    class Busy:
        master = "spark://somewhere:7077"

        def __init__(self) -> None:
            self.cancelled = Event()

        def parallelize(self, *_: object) -> "Busy":
            return self

        def count(self) -> None:
            self.cancelled.wait(10)
            raise RuntimeError("cancelled")

        def cancelAllJobs(self) -> None:  # noqa: N802
            self.cancelled.set()

    class Session:
        sparkContext = Busy()  # noqa: N815

    with pytest.raises(ConnectionError, match=r"spark://somewhere:7077.*no worker"):
        require_workers(Session(), 0.1)


def test_what_is_missing_is_named_before_spark_is_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(small())
    with pytest.raises(FileNotFoundError, match=r"build/brand/ingest\.json"):
        on_spark(settings.load(), "local[1]", "1g", 1)
    with pytest.raises(ConnectionError, match=r"spark://127\.0\.0\.1:1'.* cannot be reached"):
        require_reachable("spark://127.0.0.1:1")
    with pytest.raises(ValueError, match="HOST:PORT"):
        require_reachable("spark://nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ValueError, match="Java 17"):
        require_java()
