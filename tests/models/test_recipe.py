"""Every estimator is one booster: the mean of bags, a scorecard, the average of both."""

import numpy as np
import polars as pl
import pytest
import xgboost
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from models.baselines.reference import Logistic
from models.fitted.shap_values import contributions
from models.learners import boosting, scorecard, tree_sum
from models.learners.encoder import Column, Encoder
from models.learners.estimators import ESTIMATORS
from models.learners.recipe import Recipe, simplest_first

KINDS = ["q"] * 4 + ["c"]
ROUNDS = 15


def rows(seed: int, n: int = 3000, gain: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and a category of which a third raises the outcome; a twentieth of everything is missing."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n, 5)).astype(np.float32)
    matrix[:, 4] = rng.integers(0, 9, n)
    odds = gain * (matrix[:, 0] - 0.7 * matrix[:, 1] + (matrix[:, 4] % 3 == 0)) - 1
    matrix[rng.random(matrix.shape) < 0.05] = np.nan
    return matrix, (rng.random(n) < expit(odds)).astype(np.int8)


def recipe(estimator: str, bags: int = 3) -> Recipe:
    return Recipe(estimator, boosting.DEFAULTS, ROUNDS, 1, bags)


def margin(booster: xgboost.Booster, matrix: np.ndarray) -> np.ndarray:
    return booster.inplace_predict(matrix, predict_type="margin").astype(np.float64)


def data(matrix: np.ndarray) -> xgboost.DMatrix:
    return xgboost.DMatrix(matrix, feature_types=KINDS, enable_categorical=True)


def test_the_mean_of_bags_is_their_mean_and_each_is_a_slice_of_it():
    matrix, label = rows(1)
    found = recipe("trees").fit(matrix, label, KINDS)
    alone = [recipe("trees", 1).other(seed=1 + bag).fit(matrix, label, KINDS) for bag in range(3)]
    assert np.allclose(
        margin(found, matrix), np.mean([margin(one, matrix) for one in alone], axis=0), atol=1e-5
    )
    assert recipe("trees").described()["bags"] == [ROUNDS] * 3
    part = found[ROUNDS : 2 * ROUNDS].predict(data(matrix), pred_contribs=True)[:, :-1]
    whole = alone[1].predict(data(matrix), pred_contribs=True)[:, :-1]
    assert np.allclose(3 * part, whole, atol=1e-5)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_contributions_add_up_whoever_computes_them(estimator):
    matrix, label = rows(2)
    found = recipe(estimator).fit(matrix, label, KINDS)
    told = found.predict(data(matrix), pred_contribs=True)
    assert np.allclose(told.sum(axis=1), margin(found, matrix), atol=1e-5)
    assert np.allclose(contributions(found, matrix), told[:, :-1], atol=1e-5)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_it_is_saved_and_read_as_it_is(estimator, tmp_path):
    matrix, label = rows(3)
    found = recipe(estimator).fit(matrix, label, KINDS)
    found.save_model(tmp_path / "model.ubj")
    again = xgboost.Booster(model_file=tmp_path / "model.ubj")
    assert np.array_equal(margin(again, matrix), margin(found, matrix))
    assert recipe(estimator).fit(matrix, label, KINDS).save_raw("ubj") == found.save_raw("ubj")


def test_a_scorecard_ranks_as_its_odds_do_and_reads_each_input_alone():
    matrix, label = rows(4, 8000)
    found = scorecard.fit(matrix, label, KINDS, 0)
    later, known = rows(5)
    assert roc_auc_score(known, margin(found, later)) > 0.77
    told = found.predict(data(later), pred_contribs=True)
    moved = later.copy()
    moved[:, 0] = 0.0
    other = found.predict(data(moved), pred_contribs=True)
    assert np.allclose(told[:, 1:-1], other[:, 1:-1], atol=1e-6)  # no input speaks for another


def test_a_scorecard_gives_missing_and_unseen_points_of_their_own():
    matrix, label = rows(6, 4000)
    label = np.where(np.isnan(matrix[:, 2]), 1, label).astype(np.int8)
    found = scorecard.fit(matrix, label, KINDS, 0)
    odd = np.tile(np.nanmedian(matrix, axis=0), (3, 1)).astype(np.float32)
    odd[1, 2], odd[2, 4] = np.nan, 77.0
    usual, missing, unseen = margin(found, odd)
    assert missing > usual + 1
    seen = [
        margin(found, np.where(np.arange(5) == 4, code, odd[:1]).astype(np.float32))[0] for code in range(9)
    ]
    assert min(seen) - 1e-6 <= unseen <= max(seen) + 1e-6


def test_few_rows_lose_little_to_logistic_regression():
    """What is linear is found by the scorecard where trees have too little to learn from."""
    matrix, label = rows(7, 600, gain=0.7)
    later, known = rows(8, 4000, gain=0.7)
    auc = {
        name: roc_auc_score(known, margin(recipe(name).fit(matrix, label, KINDS), later))
        for name in ESTIMATORS
    }
    assert auc["logistic"] > 0.68
    assert auc["average"] > min(auc.values()) - 1e-9


def test_a_scorecard_loses_nothing_to_the_logistic_regression_it_is_held_against():
    """Long tails, counts and categories of which nothing is missing: the two differ by their bins alone."""
    lost = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        columns = {"amount": rng.lognormal(0, 1.2, 14_000), "days": rng.exponential(10, 14_000)}
        columns |= {"visits": rng.poisson(1.5, 14_000), "score": rng.normal(size=14_000)}
        odds = sum(rng.normal(0, 0.6) * np.log1p(one - one.min()) for one in columns.values()) - 1.5
        label = (rng.random(14_000) < expit(odds)).astype(np.int8)
        frame = pl.DataFrame(columns)
        encoder = Encoder(tuple(Column(name, None) for name in columns))
        plain = Logistic.fit(encoder, frame[:2_200], label[:2_200], 0).probability(frame[2_200:])
        matrix = encoder.transform(frame)
        found = scorecard.fit(matrix[:2_200], label[:2_200], encoder.feature_types, 0)
        known = label[2_200:]
        ours = average_precision_score(known, margin(found, matrix[2_200:]))
        lost.append(average_precision_score(known, plain) - ours)
    assert np.mean(lost) < 0.0015
    assert max(lost) < 0.005


def test_as_many_weights_as_boosters_are_needed():
    matrix, label = rows(9, 300)
    one = recipe("trees", 1).fit(matrix, label, KINDS)
    with pytest.raises(ValueError, match="1 boosters and 2 weights"):
        tree_sum.weighted([one], [0.5, 0.5])


def test_the_average_is_the_cautious_one_on_few_rows_and_the_last_on_many():
    assert simplest_first(9_999) == ("logistic", "average", "trees")
    assert simplest_first(10_000) == ("logistic", "trees", "average")
