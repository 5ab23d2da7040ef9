"""A small brand and its life on Spark, which tests of the life and of what is told of it share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from training import params as settings
from training.io import read_json
from training.spark.life import Life
from training.spark.place import Place
from training.spark.steps import code
from training.stages.dataset import dataset

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
