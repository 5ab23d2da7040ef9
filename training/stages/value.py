"""Stage ``value``: what a case is worth, learnt where purchases tell it, else as the owner stated it.

Learnt: revenue in the outcome window of those with whom money comes, by boosted trees with a log
link (quasi-Poisson: right on average whatever the spread). Its length is chosen on the validation
blocks, its level follows the newest of them, and it is judged on the test together with the
model's probability: expected against observed money, and who brings the most. It is released only
if the level is right and it ranks no worse than what everybody spent before.
"""

import shutil
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl

from features.feature import DAY
from models.fitted.booster_sum import BoosterSum
from models.fitted.expected_value import CENTS, ExpectedValue
from models.fitted.model import Model
from models.task import Money, Task
from models.task import task as task_named
from training.data.artifacts import Dataset, write_artifact
from training.data.rows import read_contacted
from training.data.split import Split
from training.evaluation.metrics import integer_codes
from training.evaluation.value_metrics import evaluate
from training.io import say
from training.params import Economics, Params
from training.results.valued import MoneyJudged, Value

SETTINGS: dict[str, Any] = {
    "objective": "count:poisson",
    "max_depth": 4,
    "learning_rate": 0.08,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "min_child_weight": 50.0,
    "tree_method": "hist",
}
LENGTHS = (25, 50, 100)  # rounds compared out of fold
MOST = 30_000  # rows learnt from in each of those comparisons
PAST = "revenue_365d"  # what stands for today's practice: who spent most will
LEVEL = (0.8, 1.25)  # expected over observed money, its interval must touch these
MARGIN = 0.01  # of the money caught by the highest tenth


def value(params: Params, name: str) -> None:
    """Write ``value/`` and ``value.json``."""
    folder, out = params.build / name / "value", params.results / name
    shutil.rmtree(folder, ignore_errors=True)  # what was released before is no value now
    folder.mkdir(parents=True)
    task, stated = task_named(name), getattr(params.economics, name)
    found, worth = _learnt(task, stated, params) if task.money else _stated(task, stated)
    if worth is not None and found["released"]:
        worth.save(folder)
    write_artifact(out, Value, found)
    say(f"{name}: value {found['source'] or 'none'} ({found['reason']})")


def _stated(task: Task, stated: Economics | None) -> tuple[Value, ExpectedValue | None]:
    if stated is None:
        return {"source": None, "released": False, "reason": "no_economics"}, None
    amount = stated.value * stated.success
    found: Value = {
        "amount": amount,
        "currency": stated.currency,
        "owner": stated.owner,
        "date": str(stated.date),
        "source": "stated",
        "released": True,
        "reason": "stated",
    }
    return found, ExpectedValue(BoosterSum(constant=amount), True, task.cost_feature, stated.currency)


def _learnt(task: Task, stated: Economics | None, params: Params) -> tuple[Value, ExpectedValue]:
    folder, on_event = params.build / task.name, not task.outcome.absent
    (rows, facts), model = read_contacted(folder), Model.load(folder / "model")
    assert task.money is not None
    table = pl.scan_parquet(params.build / "tables" / f"{task.money.table}.parquet")
    money = revenue(rows, table, task.money, facts["spine"]["gap"])
    comes = rows["label"].to_numpy() == on_event
    inputs = model.inputs(rows)
    matrix = inputs.matrix
    learnt = Learnt(matrix, money, comes, model.encoder.feature_types, params.seed, params.engine.threads)
    rounds, level = _choose(rows, facts, learnt)
    test = (rows["split"] == "test").to_numpy()
    amount = learnt.fit(~test, rounds).times(level)
    currency = None if stated is None else stated.currency
    worth = ExpectedValue(amount, on_event, task.cost_feature, currency)
    probability = model.probability(rows.filter(test))
    expected = model.unknown.mean(inputs, amount.predict)[test]
    orders = {
        "model": worth.outputs(probability, expected, matrix[test], model.encoder)["expected_value"],
        "probability": probability if on_event else 1 - probability,
    }
    if PAST in rows.columns:
        orders["past"] = rows[PAST].fill_null(0).to_numpy()[test].astype(np.float64)
    subject = integer_codes(rows.filter(test)[facts["subject"]].to_numpy())
    judged = evaluate(money[test], orders, subject, params.evaluate.resamples, params.seed)
    reason = _reason(judged)
    found = {
        "source": "learnt",
        "rounds": rounds,
        "level": level,
        "currency": currency,
        "released": reason == "right",
        "reason": reason,
        **judged,
    }
    return cast(Value, found), worth


def revenue(rows: pl.DataFrame, table: pl.LazyFrame, money: Money, gap: int) -> np.ndarray:
    """Return what each row's subject brings in its outcome window, in units; at least 0, shape (rows,).

    The window is ``[as_of + gap days, window_end)``, the label's. Returns count against sales; who
    returns more than is bought brings nothing.
    """
    start = pl.col("as_of") + gap * DAY
    asked = rows.lazy().select("row_id", money.key, "as_of", "window_end")
    found = (
        asked.join(table.select(money.key, "event_time", money.column), on=money.key)
        .filter((pl.col("event_time") >= start) & (pl.col("event_time") < pl.col("window_end")))
        .group_by("row_id")
        .agg(pl.col(money.column).sum())
        .collect(engine="streaming")
    )
    joined = rows.select("row_id").join(found, on="row_id", how="left", maintain_order="left")
    return joined[money.column].fill_null(0).clip(0).to_numpy().astype(np.float64) / CENTS


@dataclass(frozen=True)
class Learnt:
    """Rows with the money of each, and how an amount is learnt from some of them.

    ``matrix`` of shape (rows, columns); ``money`` in units and ``comes``, whether any came, of
    shape (rows,).
    """

    matrix: np.ndarray
    money: np.ndarray
    comes: np.ndarray
    feature_types: list[str]
    seed: int
    threads: int

    def fit(self, past: np.ndarray, rounds: int, most: int | None = None) -> BoosterSum:
        """Return the amount that comes if any does, from the rows of a mask,
        at most ``most`` drawn seeded.
        """
        import xgboost

        rows = np.flatnonzero(past & self.comes)
        if most is not None and len(rows) > most:
            rows = np.sort(np.random.default_rng(self.seed).choice(rows, most, replace=False))
        unit = max(float(self.money[rows].mean()), 1 / CENTS)  # leaves are weighed in typical rows
        data = xgboost.QuantileDMatrix(
            self.matrix[rows],
            self.money[rows] / unit,
            feature_types=self.feature_types,
            enable_categorical=True,
        )
        own = SETTINGS | {"seed": self.seed, "nthread": self.threads}
        return BoosterSum(((unit, xgboost.train(own, data, rounds)),))


def _choose(rows: pl.DataFrame, facts: Dataset, learnt: Learnt) -> tuple[int, float]:
    """Rounds with the least deviance over the validation blocks; the level of the newest block."""
    split = Split(facts["test_start_time"], tuple(facts["blocks"]))
    losses, level = dict.fromkeys(LENGTHS, 0.0), dict.fromkeys(LENGTHS, 1.0)
    for block in range(len(split.blocks)):
        past = rows.select(split.training(block)).to_series().to_numpy()
        later = (rows["fold"] == block).to_numpy() & learnt.comes
        if not (later.any() and (past & learnt.comes).any()):
            continue
        amount, money = learnt.fit(past, max(LENGTHS), MOST), learnt.money[later]
        for rounds in LENGTHS:
            expected = amount.first(rounds).predict(learnt.matrix[later])
            losses[rounds] += float((expected - money * np.log(expected)).sum())
            level[rounds] = float(money.sum() / expected.sum())
    best = min(losses, key=lambda rounds: losses[rounds])
    return best, level[best]


def _reason(judged: MoneyJudged) -> str:
    """Why the value is released (``right``) or not; a key of the report's words."""
    ratio, gain = judged["ratio"], judged["difference"]["capture_10"]
    if ratio["low"] is None or ratio["high"] is None or ratio["low"] > LEVEL[1] or ratio["high"] < LEVEL[0]:
        return "level_off"
    return "right" if gain["low"] is not None and gain["low"] > -MARGIN else "ranks_worse"
