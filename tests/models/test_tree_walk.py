"""Margins of few rows: what XGBoost says, to the bit."""

import numpy as np
import pytest
import xgboost

from models.fitted import tree_walk
from models.fitted.tree_walk import TreeWalk

KINDS = ["q", "q", "c", "q"]
OBJECTIVES = ("binary:logistic", "reg:squarederror", "count:poisson", "reg:gamma", "reg:tweedie")


def rows(seed: int, n: int) -> np.ndarray:
    """Two numbers of few values, a category and a number, a fifth of all missing."""
    rng = np.random.default_rng(seed)
    columns = [rng.integers(0, 9, n), rng.normal(0, 1, n).round(1), rng.integers(0, 40, n), rng.random(n)]
    found = np.stack(columns, axis=1).astype(np.float32)
    found[rng.random(found.shape) < 0.2] = np.nan
    return found


def booster(objective: str, **settings: object) -> xgboost.Booster:
    """Thirty trees over numbers, a category and gaps."""
    matrix = rows(0, 600)
    label = np.nan_to_num(matrix[:, 0]) + 3 * (np.nan_to_num(matrix[:, 2]) % 3 == 1) + 0.1
    label = (label > 4).astype(float) if objective == "binary:logistic" else label
    data = xgboost.DMatrix(matrix, label, feature_types=KINDS, enable_categorical=True)
    asked = {"objective": objective, "max_depth": 5, "max_cat_to_onehot": 1, "seed": 1} | settings
    found = xgboost.train(asked, data, 30)
    found.feature_names, found.feature_types = None, None
    return found


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_margins_are_those_of_xgboost_to_the_bit(objective):
    trained = booster(objective)
    walk = TreeWalk.of(trained)
    asked = rows(1, 300)
    asked[:40, 2] = 39 + np.arange(40)  # codes that no split has seen
    for part in (asked, asked[:1], asked[7:11], np.full((1, 4), np.nan, dtype=np.float32)):
        assert np.array_equal(walk.margin(part), trained.inplace_predict(part, predict_type="margin"))
        assert np.allclose(walk.predict(part), trained.inplace_predict(part), rtol=1e-6)


@pytest.mark.parametrize("base", [0.011, 0.07, 0.1, 0.3, 0.45, 0.7, 0.93])
def test_a_base_score_is_a_margin_to_the_bit(base):
    trained = booster("binary:logistic", base_score=base)
    asked = rows(3, 50)
    assert np.array_equal(
        TreeWalk.of(trained).margin(asked), trained.inplace_predict(asked, predict_type="margin")
    )


def test_stand_ins_of_one_row_go_together_as_far_as_they_are_alike():
    trained = booster("binary:logistic")
    alike = np.repeat(rows(2, 1), 100, axis=0)
    alike[:, 2] = np.arange(100) % 41
    alike[::7, 1] = np.nan
    assert np.array_equal(
        TreeWalk.of(trained).margin(alike), trained.inplace_predict(alike, predict_type="margin")
    )


def test_another_kind_of_booster_is_left_to_xgboost(monkeypatch):
    assert TreeWalk.of(booster("reg:absoluteerror")) is None
    assert TreeWalk.of(booster("binary:logistic", booster="dart", rate_drop=0.5, skip_drop=0.0)) is None
    trained = booster("reg:squarederror")
    monkeypatch.setitem(
        tree_walk.LINKS, "reg:squarederror", (lambda score: score + np.float32(1), np.float64)
    )
    assert TreeWalk.of(trained) is None  # it says something else
