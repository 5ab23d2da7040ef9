"""The explanation adds up, or the stage stops."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import stages

from models.fitted.model import Model
from training.stages import explain as stage


def test_every_sampled_row_adds_up_to_its_log_odds(made_up):
    folder = made_up / "build/made-up/churn"
    frame, model = pl.read_parquet(folder / "explain/shap.parquet"), Model.load(folder / "model")
    margin = frame.join(pl.read_parquet(folder / "test.parquet"), on="row_id", how="left")["margin"]
    total = frame.drop("row_id").sum_horizontal().to_numpy()
    assert np.abs(total - model.calibration.log_odds(margin.to_numpy())).max() < 1e-5


def test_the_strongest_come_first_with_an_interval_around_them(made_up):
    found = json.loads((made_up / "build/made-up/churn/explain/explain.json").read_text())
    values = [row["value"] for row in found["features"]]
    assert values == sorted(values, reverse=True)
    assert {row["name"] for row in found["features"][:2]} == {"orders_90d", "days_since_order"}
    for row in found["features"] + found["families"]:
        assert row["low"] <= row["value"] <= row["high"]


def test_contributions_that_do_not_add_up_stop_the_stage(made_up, monkeypatch):
    monkeypatch.chdir(made_up)
    right = Model.contributions
    monkeypatch.setattr(Model, "contributions", lambda self, matrix: (right(self, matrix)[0] * 1.01, 0.0))
    with pytest.raises(ValueError, match="miss the log-odds by"):
        stage.explain(stages.params(), "churn")


def test_rounding_is_held_against_the_size_of_what_is_added_up():
    rows = pl.DataFrame({"row_id": [1], "margin": [0.5]})
    values, base = np.array([[40.0, -39.5]]), 0.1  # all but separate classes: large terms cancel out
    stage._require_additive("t", rows, np.array([5e-5]) / stage.size(values, base))
    with pytest.raises(ValueError, match="miss the log-odds by"):
        stage._require_additive("t", rows, np.array([5e-5]) / stage.size(values / 100, base))


def test_another_band_is_reached_for_those_acted_on_and_confirmed(made_up):
    found = json.loads((made_up / "build/made-up/churn/explain/explain.json").read_text())["otherwise"]
    assert 0 < found["found"] <= found["rows"] <= stages.EXPLAIN.counterfactuals
    assert found["confirmed"] == found["found"]


def test_what_the_scorer_does_not_confirm_is_not_counted(made_up, monkeypatch):
    folder = made_up / "build/made-up/churn"
    right = stage.Counterfactuals.of
    monkeypatch.setattr(stage.Counterfactuals, "of", lambda self, row: replace(right(self, row), changes=()))
    found = stage.otherwise(folder, Model.load(folder / "model"), 1, most=20)
    assert found["found"] > 0
    assert found["confirmed"] == 0
