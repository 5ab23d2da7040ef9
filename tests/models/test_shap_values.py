"""Contributions of many rows equal XGBoost's own, categories and unknown values included."""

import numpy as np
import pytest
import xgboost

from models.shap_values import contributions


def fitted(seed: int, depth: int) -> tuple[xgboost.Booster, np.ndarray, list[str]]:
    """A booster on numbers and two categories, with unknown values, and rows to explain."""
    rng, n = np.random.default_rng(seed), 3_000
    numbers = rng.normal(size=(n, 4))
    kinds = rng.integers(0, 6, size=(n, 2))
    matrix = np.column_stack([numbers, kinds]).astype(np.float32)
    odds = numbers[:, 0] + (kinds[:, 0] % 2) * numbers[:, 1] - (kinds[:, 1] == 3) * 2
    label = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    types = ["q"] * 4 + ["c"] * 2
    data = xgboost.DMatrix(matrix, label, feature_types=types, enable_categorical=True)
    settings = {"objective": "binary:logistic", "max_depth": depth, "max_cat_to_onehot": 3, "seed": seed}
    return xgboost.train(settings, data, 30), matrix, types


@pytest.mark.parametrize("depth", [1, 3, 7])
@pytest.mark.parametrize("seed", range(3))
def test_they_equal_the_boosters_own(seed, depth):
    booster, matrix, types = fitted(seed, depth)
    data = xgboost.DMatrix(matrix, feature_types=types, enable_categorical=True)
    expected = booster.predict(data, pred_contribs=True)
    found = contributions(booster, matrix)
    assert np.abs(found - expected[:, :-1]).max() < 1e-4
    margin = booster.predict(data, output_margin=True)
    assert np.abs(found.sum(axis=1) + expected[0, -1] - margin).max() < 1e-4


def test_blocks_of_rows_change_nothing(monkeypatch):
    booster, matrix, _ = fitted(0, 4)
    whole = contributions(booster, matrix)
    monkeypatch.setattr("models.shap_values.ROWS", 700)
    assert np.allclose(contributions(booster, matrix), whole, atol=1e-6)
