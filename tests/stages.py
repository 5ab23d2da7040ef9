"""A small made-up churn task, run through the real stages from `fit` on: for tests of what follows."""

import json
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from features import catalog, tables
from features.feature import DAY
from features.fingerprint import described
from features.meaning import combined, meanings
from models.learners.boosting import DEFAULTS
from models.population import Spine
from models.tasks.churn import TASK
from training.data import sufficiency
from training.data.artifacts import Best, Ingest, Tuned, write_artifact
from training.io import write_json
from training.params import Explain, Fit, Params, Stated, parse
from training.results.audited import Audit
from training.stages.audit import audit, examine
from training.stages.backtest import backtest
from training.stages.dataset import dataset
from training.stages.evaluate import evaluate
from training.stages.explain import explain
from training.stages.final import final
from training.stages.fit import fit
from training.stages.report import report
from training.stages.score import score
from training.stages.tune import tune
from training.stages.uplift import uplift
from training.stages.value import value

START = 1_700_006_400  # 2023-11-15 00:00 UTC
# Every stage of one task, in the order of the pipeline.
EVERY = (
    dataset, audit, tune, backtest, fit, evaluate, final, uplift, value, explain, score, report,
)  # fmt: skip
# Every command of the pipeline for the tasks named, in one process; DVC starts Python for each.
ALONE = """
import sys
from training.__main__ import app
each = "dataset audit tune backtest fit evaluate final uplift value score explain report"
for command in "source ingest economics consent portrait".split():
    app([command], standalone_mode=False)
for task in sys.argv[1:]:
    for command in each.split():
        app([command, task], standalone_mode=False)
"""
# Little of everything: what the intervals and refits of the stress runs say is not judged.
EXPLAIN = Explain(
    rows=1_000,
    stress_rows=1_000,
    refit_rows=1_500,
    seeds=2,
    shuffles=5,
    resamples=20,
    counterfactuals=20,
)
AROUND = {"value": 0.7, "low": 0.6, "high": 0.8}
# What the report's section on data says where its figures are of a sample.
SAMPLE = {
    "drawn": {"share": 0.5, "rows": 1_200, "of": 2_400, "subjects": 90, "of_subjects": 180},
    "test": 300, "of_test": 640, "listed": 80, "of_listed": 170,
    "figures": [
        {"figure": name, "shown": shown, "sample": AROUND, "whole": 0.72, "apart": 0.1}
        for name, shown in (("auc", "number"), ("base_rate", "share"), ("band high", "share"))
    ],
}  # fmt: skip
Signal = Literal["real", "random", "leak"]
SPINE = json.loads(Spine(days=60).model_dump_json())  # what every task's part of `spine` has


def params(resamples: int = 100) -> Params:
    """Parameters of the made-up data set, beside those of the project."""
    given = parse((Path(__file__).parents[1] / "params.yaml").read_text())
    evaluation = given.evaluate.model_copy(update={"resamples": resamples})
    own = {
        "data": "made-up",
        "tasks": ("churn",),
        "evaluate": evaluation,
        "economics": Stated(),
        "fit": Fit(bags=2),
        "backtest": given.backtest.model_copy(update={"resamples": 30}),
        "explain": EXPLAIN,
    }
    return given.model_copy(update=own)


def make(signal: Signal = "real", seed: int = 0, members: int = 400, cutoffs: int = 12) -> Params:
    """Write the stage files of ``made-up``/churn under the working folder, up to ``value.json``."""
    found, rows = judged(signal, seed, members, cutoffs)
    final(found, "churn")
    uplift(found, "churn")
    backtest(found, "churn")
    write_artifact(found.results / "churn", Audit, examine(found, "churn"))
    (found.build / "tables").mkdir()  # after the audit, which would compute the made-up features anew
    purchases(rows).write_parquet(found.build / "tables" / "purchases.parquet")
    value(found, "churn")
    return found


def judged(
    signal: Signal = "real", seed: int = 0, members: int = 400, cutoffs: int = 12
) -> tuple[Params, pl.DataFrame]:
    """Write the stage files of ``made-up``/churn up to ``detail.json``; return the rows, too."""
    found = params()
    folder = found.build / "churn"
    folder.mkdir(parents=True)
    rows = questions(signal, seed, members, cutoffs)
    rows.write_parquet(folder / "dataset.parquet")
    write_json(folder / "dataset.json", facts(rows))
    write_json(found.build / "ingest.json", ingest())
    write_json(folder / "tune.json", tuned())
    fit(found, "churn")
    evaluate(found, "churn")
    return found, rows


def questions(signal: Signal, seed: int, members: int, cutoffs: int) -> pl.DataFrame:
    """Rows of ``members`` asked at ``cutoffs`` moments a month apart, with every churn feature."""
    rng, n = np.random.default_rng(seed), members * cutoffs
    who, when = np.tile(np.arange(members), cutoffs), np.repeat(np.arange(cutoffs), members)
    columns = {feature.name: _column(feature.unit, rng, n) for feature in catalog.features(TASK.groups)}
    rate = np.tile(rng.gamma(2, 0.5, members), cutoffs)
    columns["orders_90d"] = pl.Series(rng.poisson(3 * rate).astype(float))
    columns["days_since_order"] = pl.Series(rng.exponential(30 / (0.2 + rate)))
    columns["days_since_first_order"] = columns["days_since_order"] + rng.exponential(200, n)
    columns["orders"] = 1 + columns["orders"]
    columns["days_since_ticket"] = pl.Series(
        np.where(rng.random(n) < 0.7, np.nan, rng.exponential(60, n))
    ).fill_nan(None)
    odds = 0.5 - 0.6 * columns["orders_90d"].to_numpy() + columns["days_since_order"].to_numpy() / 40
    label = rng.random(n) < (0.3 if signal == "random" else 1 / (1 + np.exp(-odds)))
    if signal == "leak":
        columns["tickets_90d"] = pl.Series(label * 5.0)
    as_of = START + when * 30 * DAY
    split = np.select(
        [when >= cutoffs - 3, when >= cutoffs - 5, when >= cutoffs - 7], ["test", "gap", "valid"], "train"
    )
    keys = {
        "row_id": pl.Series(np.arange(n)),
        "member_id": pl.Series([f"m{number:05d}" for number in who]),
        "as_of": pl.Series(as_of),
        "window_end": pl.Series(as_of + 67 * DAY),
        "label": pl.Series(label.astype(np.int8)),
        "fold": pl.Series(np.where(split == "valid", when - (cutoffs - 7), -1).astype(np.int8)),
        "split": pl.Series(split.tolist()),
    }
    return pl.DataFrame(keys | columns).filter(pl.col("split") != "gap")


def purchases(rows: pl.DataFrame) -> pl.DataFrame:
    """One sale in the window of everybody who stayed; who ordered often pays more."""
    stayed = rows.filter(pl.col("label") == 0)
    sales = stayed.select(
        "member_id",
        order_id=pl.format("o{}", "row_id"),
        occurred_at=pl.from_epoch(pl.col("window_end") - DAY).dt.replace_time_zone("UTC"),
        quantity=1,
        unit_price_cents=(2_000 + 3_000 * pl.col("orders_90d")).cast(pl.Int64),
    )
    return tables.complete("purchases", sales)


def _column(unit: str, rng: np.random.Generator, n: int) -> pl.Series:
    if unit == "category":
        return pl.Series(rng.choice(["north", "south", "west"], n).tolist(), dtype=pl.String)
    if unit == "share":
        return pl.Series(rng.random(n))
    return pl.Series(rng.poisson(2, n).astype(float) * (1_000 if unit == "cents" else 1))


def waterfall(rows: pl.DataFrame) -> list[dict[str, object]]:
    """From the rows asked to those that were kept."""
    steps = [
        ("asked", len(rows) + 500),
        ("outcome window closed at the extract", len(rows) + 200),
        ("split in time, gap rows left out", len(rows)),
    ]
    return [{"step": step, "rows": count, "subjects": rows["member_id"].n_unique()} for step, count in steps]


def facts(rows: pl.DataFrame) -> dict[str, object]:
    """What ``dataset.json`` says about the rows."""

    def part(name: str) -> dict[str, object]:
        own = rows.filter(pl.col("split") == name)
        return {
            "rows": len(own),
            "subjects": own["member_id"].n_unique(),
            "positives": int(own["label"].sum()),
            "from": _iso(own["as_of"].min()),
            "to": _iso(own["as_of"].max()),
        }

    valid = rows.filter(pl.col("split") == "valid")["as_of"].unique().sort().to_list()
    test = int(rows.filter(pl.col("split") == "test")["as_of"].min())  # type: ignore[arg-type]
    return {
        "task": "churn",
        "subject": "member_id",
        "spine": SPINE | {"days": 60, "gap": 7, "fall": 0.2, "every_days": 30, "cutoffs": 12},
        "dated": True,
        "extracted_at": "2025-01-01T00:00:00+00:00",
        "waterfall": waterfall(rows),
        "splits": {name: part(name) for name in ("train", "valid", "test")},
        "test_start": _iso(test),
        "test_start_time": test,
        "blocks": valid,
        "groups": [group.name for group in TASK.groups],
        "own_tables": [],
        "features": (features := described(TASK.groups)),
        "fingerprint": combined(meanings(features)),
        "left_out": {},
        "enough": sufficiency.assess_segments(rows),
        "dropped": [],
        "by_chance": None,
    }


def ingest(extracted_at: str = "2025-01-01T00:00:00+00:00") -> Ingest:
    """What ``ingest.json`` says."""
    return {
        "data": "made-up",
        "extracted_at": extracted_at,
        "tables": {
            "purchases": {
                "read": 1010,
                "left_out": 0,
                "accepted": 1000,
                "quarantined": 10,
                "reasons": {"negative quantity in a sale": 10},
                "first": None,
                "last": None,
                "freshness_days": None,
            }
        },
        "conflicts": 0,
        "accounts_in_conflict": [],
        "findings": [],
        "left_out": {},
    }


def tuned() -> Tuned:
    """What ``tune.json`` says."""
    best: Best = {
        "number": 1,
        "value": 0.6,
        "params": DEFAULTS,
        "rounds": 40,
        "fold_values": [0.6, 0.6],
        "estimator": "trees",
    }
    trials = [
        {"number": 0, "state": "COMPLETE", "value": 0.55, "params": DEFAULTS},
        {"number": 1, "state": "COMPLETE", "value": 0.6, "params": DEFAULTS},
    ]
    return {
        "study": "made-up",
        "metric": "mean average precision",
        "best": best,
        "candidates": [
            {"estimator": "logistic", "value": 0.55, "difference": -0.05, "error": 0.01},
            {"estimator": "average", "value": 0.58, "difference": -0.02, "error": 0.01},
            {"estimator": "trees", "value": 0.6, "difference": 0.0, "error": 0.0},
        ],
        "at_edge": [],
        "holds": True,
        "trials": trials,
    }


def _iso(moment: object) -> str:
    return str(pl.select(pl.from_epoch(pl.lit(moment), time_unit="s")).item().isoformat()) + "+00:00"
