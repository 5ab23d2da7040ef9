"""``make bench-relational``: three tasks of RelBench's ``rel-f1`` from one mapping of own tables.

The code here rebuilds the official rows (counts are held against the published ones) and nothing else:
``relational.yaml`` says what the tables are, features, stale copies, useful columns and estimators are the
project's. What there is to choose is chosen on the validation rows under the same protocol; the test rows
are looked at once a task and protocol, and the looks are counted.

Protocols: *official*, the database ends at 2010-01-01 while test moments run for 40 windows; *as of each
moment*, what was recorded before each.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import polars as pl
from xgboost import Booster

from features import own_tables
from features.engines import to_parquet
from features.feature import Feature, Group
from features.groups.own import own_groups
from models.learners import boosting
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from training.data.stale_copies import stale_copies
from training.evaluation.bootstrap import resamples
from training.evaluation.metrics import estimates, integer_codes
from training.evaluation.useful_columns import useful
from training.sources.intake import intake
from training.sources.mapping.mapping_file import load
from training.sources.reading.read_tables import read_tables
from training.sources.store import Folder

MAPPING = Path(__file__).with_suffix(".yaml")
EXTRACTED = datetime(2023, 1, 1, tzinfo=UTC)
VALID, TEST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2005, 2010))
MOMENTS, SEED, BAGS, ROUNDS, DRAWS, THREADS = 40, 0, 3, 200, 1_000, 2
PUBLISHED = {
    "official": {
        "driver-top3": {"data scientist": 0.824, "graph network": 0.755, "agent": 0.852},
        "driver-dnf": {"data scientist": 0.698, "graph network": 0.726, "agent": 0.783},
        "driver-position": {"data scientist": 3.963, "graph network": 4.022},
    },
    "as of each moment": {},
}
EVENTS = """
CREATE TABLE happened AS SELECT raceId,
CAST(date AS DATE) + coalesce(CAST(time AS TIME), TIME '00:00') AS stood
FROM read_csv('{root}/races.csv.gz', nullstr='\\N');
CREATE TABLE results AS SELECT driverId, positionOrder, statusId, stood
FROM read_csv('{root}/results.csv.gz', nullstr='\\N') JOIN happened USING (raceId);
CREATE TABLE qualifying AS SELECT driverId, position, stood - INTERVAL 1 DAY AS stood
FROM read_csv('{root}/qualifying.csv.gz', nullstr='\\N') JOIN happened USING (raceId);
"""
QUESTIONS = """
WITH moments AS (
  SELECT TIMESTAMP '2005-01-01' - INTERVAL ({days}) DAY * (k + 1) AS t, 'train' AS split
  FROM range(0, 1000) r(k)
  UNION ALL SELECT TIMESTAMP '2005-01-01' + INTERVAL ({days}) DAY * k, 'valid' FROM range(0, {moments}) r(k)
  WHERE TIMESTAMP '2005-01-01' + INTERVAL ({days}) DAY * (k + 1) <= TIMESTAMP '2010-01-01'
  UNION ALL SELECT TIMESTAMP '2010-01-01' + INTERVAL ({days}) DAY * k, 'test' FROM range(0, {moments}) r(k))
SELECT split, CAST(epoch(t) AS BIGINT) AS as_of, CAST(e.driverId AS VARCHAR) AS member_id, {label} AS label
FROM moments JOIN {table} e ON e.stood > t AND e.stood <= t + INTERVAL ({days}) DAY
WHERE t >= (SELECT min(stood) FROM results)
AND e.driverId IN (SELECT driverId FROM {table} x WHERE x.stood > t - INTERVAL 1 YEAR) GROUP BY ALL
"""


@dataclass(frozen=True)
class Task:
    """One official task: where its outcomes stand, how they are summed up, and how many rows there are."""

    table: str
    label: str
    days: int
    rows: dict[str, int]
    metric: str = "auc"

    def questions(self, root: Path) -> pl.DataFrame:
        """Return the official rows; ``ValueError`` where there are not as many as published."""
        with duckdb.connect() as db:
            db.execute(EVENTS.format(root=root))
            asked = QUESTIONS.format(days=self.days, label=self.label, table=self.table, moments=MOMENTS)
            rows = db.sql(asked).pl().sort("as_of", "member_id")
        found = dict(rows["split"].value_counts().iter_rows())
        if found != self.rows:
            raise ValueError(f"{self.table}: {found} rows were rebuilt, published are {self.rows}")
        return rows.with_row_index("row_id").with_columns(pl.col("row_id").cast(pl.Int64))


TASKS = {
    "driver-top3": Task(
        "qualifying", "max(CAST(position <= 3 AS INT))", 30, {"train": 1353, "valid": 588, "test": 726}
    ),
    "driver-dnf": Task(
        "results", "max(CAST(statusId <> 1 AS INT))", 30, {"train": 11411, "valid": 566, "test": 702}
    ),
    "driver-position": Task(
        "results", "avg(positionOrder)", 60, {"train": 7453, "valid": 499, "test": 760}, "mae"
    ),
}


@dataclass(frozen=True)
class Choice:
    """What is chosen on the validation rows."""

    copies: bool
    columns: str
    depth: int

    def __str__(self) -> str:
        stale = "with stale copies" if self.copies else "without stale copies"
        return f"{stale}, {self.columns} columns, depth {self.depth}"


def taken_in(root: Path, folder: Path) -> tuple[Group, ...]:
    """Write the tables of the mapping as ingest does; return their features."""
    mapping = load(MAPPING)
    report = intake(read_tables(mapping, root), EXTRACTED, Folder(folder).store, own=mapping.own)
    own_tables.save(report.own, folder)
    return own_groups(report.own, ["member_id"])


def computed(task: Task, rows: pl.DataFrame, folder: Path, groups: tuple[Group, ...]) -> pl.DataFrame:
    """Every row with its features; ``kind`` is as of its ``moment``, a stale ``copy``, or ``ended``."""
    every = stale_copies(rows, MOMENTS * task.days, 1, SEED)
    is_copy = pl.col("row_id") != pl.col("copy_of")
    every = every.filter(~is_copy | (pl.col("split") != "test"))
    every = every.with_columns(kind=pl.when(is_copy).then(pl.lit("copy")).otherwise(pl.lit("moment")))
    end = pl.when(pl.col("split") == "valid").then(VALID).otherwise(TEST)
    ended = every.filter((pl.col("kind") == "moment") & (pl.col("split") != "train"))
    ended = ended.with_columns(
        known_until=pl.min_horizontal("as_of", end),
        kind=pl.lit("ended"),
        row_id=pl.int_range(pl.len(), dtype=pl.Int64) + int(every["row_id"].max() or 0) + 1,  # type: ignore[call-overload]
    )
    pl.concat([every, ended]).write_parquet(folder / "spine.parquet")
    to_parquet(folder / "spine.parquet", folder, groups, folder / "features.parquet")
    return pl.read_parquet(folder / "features.parquet")


@dataclass
class Bench:
    """One task: its rows with features, and how often its test rows were looked at."""

    task: Task
    rows: pl.DataFrame
    features: list[Feature]
    looks: int = 0

    def choices(self) -> Iterator[Choice]:
        """Every choice that there is; only of 0/1 outcomes the project tells which columns are useful."""
        columns = ("useful", "all") if self.task.metric == "auc" else ("all",)
        yield from (Choice(*one) for one in itertools.product((False, True), columns, (2, 4)))

    def learnt(self, parts: tuple[str, ...], copies: bool) -> pl.DataFrame:
        """Rows to learn from."""
        kinds = ("moment", "copy") if copies else ("moment",)
        return self.rows.filter(pl.col("split").is_in(parts) & pl.col("kind").is_in(kinds))

    def columns(self, choice: Choice) -> list[Feature]:
        """The inputs, as told by the training rows alone."""
        past = self.learnt(("train",), copies=False)
        there = [feature for feature in self.features if past[feature.name].n_unique() > 1]
        if choice.columns == "all":
            return there
        if not hasattr(self, "_useful"):
            self._useful = useful(folds(past), there, SEED, THREADS)
        return [feature for feature in there if feature.name in self._useful]

    def fitted(self, choice: Choice, parts: tuple[str, ...]) -> tuple[Booster, Encoder]:
        """The mean of several boosters that differ by their seed."""
        past = self.learnt(parts, choice.copies)
        encoder = Encoder.fit(past, self.columns(choice))
        settings = boosting.DEFAULTS | {"max_depth": choice.depth, "learning_rate": 0.05}
        if self.task.metric == "mae":
            settings |= {"objective": "reg:absoluteerror", "eval_metric": "mae"}
        recipe = Recipe("trees", settings, ROUNDS, SEED, BAGS if self.task.metric == "auc" else 1)
        label = past["label"].cast(pl.Float64).to_numpy()
        return recipe.fit(encoder.transform(past), label, encoder.feature_types, THREADS), encoder

    def scored(self, choice: Choice, parts: tuple[str, ...], split: str, kind: str) -> dict[str, Any]:
        """The metric on rows of a split with its interval by driver."""
        booster, encoder = self.fitted(choice, parts)
        rows = self.rows.filter((pl.col("split") == split) & (pl.col("kind") == kind))
        self.looks += split == "test"
        score = booster.inplace_predict(encoder.transform(rows), predict_type="margin").astype(np.float64)
        return judged(
            self.task.metric, rows["label"].to_numpy(), score, integer_codes(rows["member_id"].to_numpy())
        )

    def told(self, kind: str) -> dict[str, Any]:
        """Choose on the validation rows, then look at the test rows once."""
        sign = 1 if self.task.metric == "auc" else -1
        tried = {choice: self.scored(choice, ("train",), "valid", kind) for choice in self.choices()}
        best = max(tried, key=lambda choice: sign * tried[choice]["value"])
        found = self.scored(best, ("train", "valid"), "test", kind)
        return {
            "choice": str(best),
            "valid": tried[best]["value"],
            "inputs": len(self.columns(best)),
            **found,
        }


def folds(past: pl.DataFrame) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """Later parts of the rows to learn from, each with what came before it."""
    edges = np.quantile(past["as_of"].to_numpy(), (0.4, 0.6, 0.8, 1.0))
    moment = pl.col("as_of")
    return [
        (past.filter(moment < start), past.filter((moment >= start) & (moment <= end)))
        for start, end in itertools.pairwise(edges)
    ]


def judged(metric: str, label: np.ndarray, score: np.ndarray, driver: np.ndarray) -> dict[str, Any]:
    """Value and 95 % interval, drivers drawn."""
    if metric == "auc":
        return dict(estimates(label, {"ours": score}, driver, DRAWS, SEED)[0]["ours"]["auc"])
    errors = np.abs(label - score)
    drawn = [float(np.average(errors, weights=weight)) for weight in resamples(driver, DRAWS, SEED)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"value": float(errors.mean()), "low": float(low), "high": float(high)}


def run(name: str, root: Path) -> dict[str, Any]:
    """Both protocols of one task, in an own folder."""
    task, begun = TASKS[name], time.monotonic()
    with TemporaryDirectory() as place:
        folder = Path(place)
        groups = taken_in(root, folder)
        rows = computed(task, task.questions(root), folder, groups)
    bench = Bench(task, rows, [feature for group in groups for feature in group.columns()])
    found = {"official": bench.told("ended"), "as of each moment": bench.told("moment")}
    return {"protocols": found, "looks": bench.looks, "hours": (time.monotonic() - begun) / 3600}


def lines(name: str, found: dict[str, Any]) -> Iterator[str]:
    """One task as text, beside what was published."""
    for protocol, row in found["protocols"].items():
        others = ", ".join(f"{who} {value}" for who, value in PUBLISHED[protocol].get(name, {}).items())
        yield (
            f"{name}, {protocol}: {TASKS[name].metric} {row['value']:.3f} "
            f"[{row['low']:.3f}, {row['high']:.3f}] (validation {row['valid']:.3f}; "
            f"{row['choice']}, {row['inputs']} inputs)" + (f"; published: {others}" if others else "")
        )
    yield f"{name}: {found['looks']} looks at the test rows, {found['hours']:.2f} hours"


def main() -> None:
    """Print every task, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), help=", ".join(TASKS))
    parser.add_argument("--out", type=Path, default=Path("experiments/bench-relational.json"))
    asked = parser.parse_args()
    root = load(MAPPING).root()
    print(f"{sum(1 for _ in MAPPING.open())} lines of mapping, no code for these tables")
    kept = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    for name in asked.tasks:
        kept[name] = run(name, root)
        print("\n".join(lines(name, kept[name])), flush=True)
    asked.out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
