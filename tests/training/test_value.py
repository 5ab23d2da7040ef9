"""The stage: what it learns, what it refuses, and what it takes as stated."""

import json
from datetime import date

import numpy as np
import polars as pl
import pytest
import stages

from models.fitted.expected_value import ExpectedValue
from models.fitted.model import Model
from models.task import Money
from training.data.rows import read_contacted
from training.evaluation.value_metrics import evaluate
from training.params import Economics, Params, Stated
from training.stages.value import revenue, value

NAME = "churn"
MONEY = Money("purchases", "amount_cents", "member_id")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A made-up task of its own, with purchases."""
    folder = tmp_path_factory.mktemp("value")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        stages.make(members=300)
    return folder


@pytest.fixture
def params(made, monkeypatch) -> Params:
    monkeypatch.chdir(made)
    return stages.params()


def read(params: Params) -> dict:
    return json.loads((params.results / NAME / "value.json").read_text())


def test_the_level_is_right_and_those_who_pay_most_are_found(params):
    value(params, NAME)
    found = read(params)
    assert (found["source"], found["released"], found["reason"]) == ("learnt", True, "right")
    assert found["ratio"]["low"] < 1.1
    assert found["ratio"]["high"] > 0.9
    assert found["orders"]["model"]["capture_10"]["value"] > found["orders"]["past"]["capture_10"]["value"]
    tenths = [tenth["expected"] for tenth in found["tenths"]]
    assert tenths == sorted(tenths, reverse=True)


def test_what_is_released_is_what_was_judged(params):
    value(params, NAME)
    rows, _ = read_contacted(params.build / NAME)
    test = rows.filter(pl.col("split") == "test")
    worth, model = (
        ExpectedValue.load(params.build / NAME / "value"),
        Model.load(params.build / NAME / "model"),
    )
    assert worth is not None
    inputs = model.inputs(test)
    amount = model.unknown.mean(inputs, worth.amount.predict)
    told = worth.outputs(model.probability(test), amount, inputs.matrix, model.encoder)
    purchases = pl.scan_parquet(params.build / "tables/purchases.parquet")
    ratio = told["expected_value"].sum() / revenue(test, purchases, MONEY, 7).sum()
    assert read(params)["ratio"]["value"] == pytest.approx(ratio)


def test_two_runs_write_the_same_bytes(params):
    def files() -> list[bytes]:
        value(params, NAME)
        return [path.read_bytes() for path in sorted((params.build / NAME / "value").iterdir())]

    assert files() == files()


def test_money_whose_level_moved_is_not_released(params):
    kept = pl.read_parquet(params.build / "tables/purchases.parquet")
    rows, _ = read_contacted(params.build / NAME)
    late = rows.filter(pl.col("split") == "test")["as_of"].min()
    dearer = pl.when(pl.col("event_time") > late).then(pl.col("amount_cents") * 3).otherwise("amount_cents")
    kept.with_columns(amount_cents=dearer).write_parquet(params.build / "tables/purchases.parquet")
    try:
        value(params, NAME)
    finally:
        kept.write_parquet(params.build / "tables/purchases.parquet")
    assert (read(params)["released"], read(params)["reason"]) == (False, "level_off")
    assert ExpectedValue.load(params.build / NAME / "value") is None


def test_a_stated_value_is_taken_as_it_is(params):
    stated = Economics(value=100, success=0.5, cost=1, capacity=0.1, date=date(2026, 7, 1), currency="EUR")
    value(params.model_copy(update={"economics": Stated(lead=stated)}), "lead")
    worth = ExpectedValue.load(params.build / "lead/value")
    assert worth is not None
    assert (worth.amount.constant, worth.on_event, worth.cost, worth.currency) == (
        50,
        True,
        "lead_cost",
        "EUR",
    )


def test_where_nothing_is_stated_there_is_no_value(params):
    value(params, "response")
    found = json.loads((params.results / "response" / "value.json").read_text())
    assert found == {"source": None, "released": False, "reason": "no_economics"}
    assert ExpectedValue.load(params.build / "response/value") is None


def test_revenue_counts_the_window_and_nothing_else():
    day = 86_400
    rows = pl.DataFrame(
        {"row_id": [5, 6], "member_id": ["a", "b"], "as_of": [0, 0], "window_end": [9 * day] * 2}
    )
    paid = pl.LazyFrame(
        {
            "member_id": ["a"] * 5 + ["b"],
            "event_time": [2 * day - 1, 2 * day, 5 * day, 9 * day - 1, 9 * day, 3 * day],
            "amount_cents": [1, 100, -30, 1_000, 10_000, -500],
        }
    )
    assert revenue(rows, paid, MONEY, 2).tolist() == [10.7, 0.0]


@pytest.mark.parametrize("seed", range(3))
def test_the_true_expectation_has_its_ratio_at_one_and_beats_chance(seed):
    rng = np.random.default_rng(seed)
    expected = rng.gamma(1, 50, 5_000)
    money = rng.poisson(expected).astype(float) * (rng.random(5_000) < 0.5) * 2
    orders = {"model": expected, "past": rng.random(5_000)}
    found = evaluate(money, orders, np.arange(5_000), 100, seed)
    assert found["ratio"]["low"] < 1 < found["ratio"]["high"]
    assert found["difference"]["capture_10"]["low"] > 0
    assert found["orders"]["past"]["capture_10"]["value"] == pytest.approx(0.1, abs=0.03)
    inside = [t["observed"]["low"] <= t["expected"] <= t["observed"]["high"] for t in found["tenths"]]
    assert sum(inside) >= 7
