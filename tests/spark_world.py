"""A small brand and its life on Spark, which tests of the life and of what is told of it share."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import own_worlds
import polars as pl
import yaml

from features.tables import complete
from training import params as settings
from training.io import read_json
from training.spark.life import Life
from training.spark.place import Place
from training.spark.session import opened
from training.spark.steps import code
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.ingest import ingest

ROOT = Path(__file__).parents[1]
TASKS = ("lead", "response", "churn")  # recall asks members as churn does
SKEWED = 30_000  # events of one member
BAGS, ROUNDS = 2, 10
# Little of what judges, whose figures are not looked at.
LITTLE = {
    "rows": 100,
    "stress_rows": 200,
    "refit_rows": 200,
    "seeds": 2,
    "shuffles": 2,
    "counterfactuals": 10,
}


def small() -> str:
    given = yaml.safe_load((ROOT / "params.yaml").read_text())
    given["brand"] = {"members": 500, "leads": 600, "start": "2024-06-01", "end": "2026-01-01"}
    given["spine"]["churn"] |= {"days": 60, "gap": 7, "cutoffs": 8, "folds": 1}
    given["tune"] = {name: {"trials": 1, "rows": 1000} for name in TASKS}
    given["fit"], given["evaluate"] = {"bags": BAGS}, {"resamples": 20}
    given["explain"] = LITTLE | {"resamples": 20}
    return yaml.safe_dump(given)


@dataclass(frozen=True)
class World:
    """One small brand, and its life on a session that writes its events to ``log``."""

    params: settings.Params
    lives: dict[str, Life]
    log: Path


@contextmanager
def begun(folder: Path) -> Iterator[World]:
    """The world below ``folder``, where we are, with an open session."""
    (log := folder / "events").mkdir()
    conf = {"spark.eventLog.enabled": "true", "spark.eventLog.compress": "false"}
    conf |= {"spark.eventLog.dir": log.as_uri()}
    (folder / "params.yaml").write_text(small())
    params = settings.load()
    ingest(params)
    skew(params.build / "tables" / "events.parquet")
    consent(params)
    with opened("local[2,2]", "1g", 2, conf) as session:
        yield World(params, {name: life_of(params, name, lambda: session) for name in TASKS}, log)


def of_both_kinds(life: Life) -> None:
    """Let the model have trees of the cluster and points of a scorecard."""
    path = life.searched.folder / "tune.json"
    found = read_json(path)
    path.write_text(json.dumps(found | {"best": found["best"] | {"estimator": "average", "rounds": ROUNDS}}))


def without_dates(world: World) -> tuple[settings.Params, Path]:
    """Settings and folder of a flat table of 900 rows without dates, known a day before the world ends."""
    given = {"data": "flat", "tasks": ["given"], "spine": {"given": {"dated": False}}}
    params = settings.Params.model_validate(yaml.safe_load(small()) | given)
    who = [f"s{at % 700}" for at in range(900)]  # some stand there more than once
    rows = pl.DataFrame({"subject_id": who, "x_age": [float(at % 700 * 7919 % 61) for at in range(900)]})
    rows = rows.with_columns(label=(pl.col("x_age") % 3 == 0).cast(pl.Int8), arm=pl.lit(None, pl.String))
    moment = datetime.fromisoformat(read_json(world.params.build / "ingest.json")["extracted_at"])
    when = (pl.lit(moment - timedelta(days=1)).alias(name) for name in ("occurred_at", "recorded_at"))
    (tables := params.build / "tables").mkdir(parents=True)
    complete("subjects", rows.with_columns(when)).write_parquet(tables / "subjects.parquet")
    return params, tables


def own_in_parts(tables: Path, named: dict[str, str]) -> None:
    """Two own tables as folders of three files, the second by the store that the first names."""
    for name in ("own_points", "own_footfall"):
        rows = own_worlds.rows(3)[name]
        if "member_id" in rows.columns:
            rows = rows.with_columns(pl.col("member_id").replace(named))
        (tables / f"{name}.parquet").mkdir()
        for at in range(3):
            rows[at::3].write_parquet(tables / f"{name}.parquet" / f"part-{at}.parquet")


def result_sizes(log: Path) -> list[int]:
    """Bytes that each task sent to the driver, from Spark's log of events."""
    files = [path for path in log.rglob("*") if path.name.startswith(("events_", "app-", "local-"))]
    events = [json.loads(line) for path in files if path.is_file() for line in path.open()]
    ends = [event for event in events if event["Event"] == "SparkListenerTaskEnd"]
    return [event["Task Metrics"]["Result Size"] for event in ends if event["Task Type"] == "ResultTask"]


def skew(path: Path) -> None:
    """Let one member have most of the events."""
    rows = pl.read_parquet(path)
    own = rows.filter(pl.col("member_id").is_not_null()).head(1).drop("event_time", "known_time")
    times = rows.select("event_time", "known_time").sample(SKEWED, with_replacement=True, seed=1)
    more = own.join(times, how="cross").select(rows.columns)
    pl.concat([rows, more]).write_parquet(path)


def place_of(params: settings.Params, name: str) -> Place:
    return Place(params.model_dump_json(), str(params.build.resolve()), name, 2, code())


def life_of(params: settings.Params, name: str, session: Callable[[], Any]) -> Life:
    return Life(session, place_of(params, name), read_json(params.build / "ingest.json"))


def parts(folder: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("part-*.parquet"))])


def on_one_machine(world: World, name: str) -> Path:
    """The folder with the data set of a task, made at the first asking."""
    folder = world.params.build / name
    if not (folder / "dataset.json").exists():
        dataset(world.params, name)
    return folder
