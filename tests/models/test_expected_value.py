"""What a case is worth."""

import numpy as np
import pytest
import xgboost

from models.fitted.booster_sum import BoosterSum
from models.fitted.expected_value import ExpectedValue
from models.learners.encoder import Column, Encoder

ENCODER = Encoder((Column("orders"), Column("lead_cost")))
MATRIX = np.array([[1.0, 2_000.0], [2.0, 0.0], [3.0, np.nan]], dtype=np.float32)
P = np.array([0.25, 0.5, 1.0])


def test_with_the_event_the_probability_counts_and_the_cost_divides():
    worth = ExpectedValue(BoosterSum(constant=80.0), on_event=True, cost="lead_cost", currency="CNY")
    told = worth.outputs(P, worth.amount.predict(MATRIX), MATRIX, ENCODER)
    assert list(told) == worth.output_names(ENCODER) == ["expected_value", "value_per_cost"]
    assert told["expected_value"] == pytest.approx([20, 40, 80])
    assert told["value_per_cost"] == pytest.approx([1, np.nan, np.nan], nan_ok=True)


def test_against_the_event_what_stays_and_what_is_at_risk_add_up_to_the_amount():
    worth = ExpectedValue(BoosterSum(constant=80.0), on_event=False, cost="unknown")
    told = worth.outputs(P, worth.amount.predict(MATRIX), MATRIX, ENCODER)
    assert list(told) == worth.output_names(ENCODER) == ["expected_value", "value_at_risk"]
    assert told["expected_value"] + told["value_at_risk"] == pytest.approx([80] * 3)


def test_what_is_saved_tells_the_same(tmp_path):
    data = xgboost.QuantileDMatrix(MATRIX, np.array([1.0, 2.0, 3.0]))
    booster = xgboost.train({"objective": "count:poisson", "min_child_weight": 0}, data, 5)
    worth = ExpectedValue(BoosterSum(((30.0, booster),)), on_event=False, currency="EUR")
    worth.save(tmp_path / "value")
    read = ExpectedValue.load(tmp_path / "value")
    assert read is not None
    assert (read.on_event, read.cost, read.currency) == (False, "", "EUR")
    for name, values in worth.outputs(P, worth.amount.predict(MATRIX), MATRIX, ENCODER).items():
        assert read.outputs(P, read.amount.predict(MATRIX), MATRIX, ENCODER)[name] == pytest.approx(values)


def test_where_nothing_was_saved_there_is_none(tmp_path):
    assert ExpectedValue.load(tmp_path) is None
