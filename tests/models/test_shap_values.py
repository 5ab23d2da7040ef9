"""Contributions of many rows and of few equal XGBoost's own, categories and unknown values included."""

import numpy as np
import pytest
import xgboost

from models.fitted import shap_kernel, tree_shap
from models.fitted.shap_values import contributions
from models.fitted.tree_shap import TreeShap


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
    monkeypatch.setattr("models.fitted.shap_values.ROWS", 700)
    assert np.allclose(contributions(booster, matrix), whole, atol=1e-6)


def own(booster: xgboost.Booster, matrix: np.ndarray, types: list[str]) -> np.ndarray:
    """XGBoost's own values, without the base."""
    data = xgboost.DMatrix(matrix, feature_types=types, enable_categorical=True)
    return booster.predict(data, pred_contribs=True)[:, :-1]


@pytest.mark.parametrize("depth", [1, 3, 7, 10])
@pytest.mark.parametrize("seed", range(3))
def test_those_of_few_rows_equal_the_boosters_own(seed, depth):
    booster, matrix, types = fitted(seed, depth)
    found = TreeShap.of(booster).contributions(matrix)
    assert found.dtype == np.float64
    assert np.abs(found - own(booster, matrix, types)).max() < 1e-5


def test_values_at_a_threshold_and_categories_never_seen_go_where_xgboost_sends_them():
    booster, matrix, types = fitted(1, 5)
    rows = matrix[:200].copy()
    splits = booster.trees_to_dataframe().query("Feature == 'f0'")["Split"].to_numpy(dtype=np.float32)
    rows[: len(splits), 0] = splits[:200]
    rows[::2, 4], rows[1::3, 5], rows[5::7, 5] = 9, 5, 200
    assert np.abs(TreeShap.of(booster).contributions(rows) - own(booster, rows, types)).max() < 1e-5


def test_a_row_alone_equals_the_row_among_others():
    booster, matrix, _ = fitted(2, 4)
    found = TreeShap.of(booster)
    whole = found.contributions(matrix[:50])
    assert (np.concatenate([found.contributions(matrix[at : at + 1]) for at in range(50)]) == whole).all()
    assert (found.contributions(np.asfortranarray(matrix[:50])) == whole).all()
    assert found.contributions(matrix[:0]).shape == (0, matrix.shape[1])


def test_trees_without_a_split_add_nothing():
    data = xgboost.DMatrix(np.zeros((20, 2), dtype=np.float32), np.arange(20) % 2)
    booster = xgboost.train({"objective": "binary:logistic"}, data, 2)
    assert (TreeShap.of(booster).contributions(np.ones((3, 2), dtype=np.float32)) == 0).all()


def test_what_would_take_too_much_memory_is_left_to_xgboost(monkeypatch):
    booster, _, _ = fitted(0, 3)
    monkeypatch.setattr(tree_shap, "MOST", 100)
    assert TreeShap.of(booster) is None


def test_the_leaves_that_ask_for_columns_add_all_that_other_values_in_them_change():
    booster, matrix, _ = fitted(1, 5)
    found, columns, share = TreeShap.of(booster), np.arange(6) % 3 == 1, np.array([0.2, 0.5, 0.3])
    lines = np.repeat(matrix[:20], 3, axis=0)
    lines[:, columns] = matrix[60:120][:, columns]
    part = found.part(lines, share, columns) - found.part(lines[::3], np.ones(1), columns)
    every = found.contributions(lines).reshape(20, 3, 6)
    whole = (every * share[:, None]).sum(axis=1) - every[:, 0]
    assert np.abs(whole).max() > 0.01
    np.testing.assert_allclose(part, whole, atol=1e-9)
    assert (found.part(lines, share, np.zeros(6, dtype=bool)) == 0).all()
    one_by_one = found.part(lines, np.ones(1), np.ones(6, dtype=bool))
    assert np.array_equal(found.contributions(lines), one_by_one)  # the two ways add the same in one order


def test_without_a_place_to_keep_it_the_kernel_is_compiled_all_the_same(monkeypatch):
    def njit(*_, cache=False, **__):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(shap_kernel, "njit", njit)
    assert shap_kernel.compiled()(len) is len
