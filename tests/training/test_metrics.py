"""Metrics against scikit-learn, and intervals that cover as often as they say."""

import numpy as np
import pytest
from sklearn import metrics as reference

from training.evaluation.bootstrap import resamples
from training.evaluation.metrics import Ranked, all_metrics, estimates, integer_codes, probability, ranking


def drawn(seed: int, rows: int = 500, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.random(rows)
    label = (rng.random(rows) < score * 0.6).astype(int)
    return label, np.round(score, 1) if ties else score


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [False, True])
def test_ranking_and_probability_agree_with_scikit_learn(seed, ties):
    label, score = drawn(seed, ties=ties)
    found = all_metrics(Ranked.of(label, score), np.ones(len(label)))
    assert found["auc"] == pytest.approx(reference.roc_auc_score(label, score))
    assert found["average_precision"] == pytest.approx(reference.average_precision_score(label, score))
    assert found["brier"] == pytest.approx(reference.brier_score_loss(label, score))
    assert found["log_loss"] == pytest.approx(reference.log_loss(label, np.clip(score, 1e-9, 1 - 1e-9)))


@pytest.mark.parametrize("seed", range(3))
def test_a_weight_is_the_same_as_a_repeated_row(seed):
    label, score = drawn(seed)
    weight = np.random.default_rng(seed).integers(0, 4, len(label))
    ranked = Ranked.of(label, score)
    weighted = all_metrics(ranked, weight[ranked.order].astype(float))
    repeated = all_metrics(
        Ranked.of(np.repeat(label, weight), np.repeat(score, weight)), np.ones(weight.sum())
    )
    assert weighted["auc"] == pytest.approx(repeated["auc"])
    assert weighted["average_precision"] == pytest.approx(repeated["average_precision"])
    assert weighted["brier"] == pytest.approx(repeated["brier"])


def test_the_same_score_for_everyone_ranks_nobody():
    label, _ = drawn(0)
    found = ranking(Ranked.of(label, np.full(len(label), 0.3)), np.ones(len(label)))
    assert found["auc"] == pytest.approx(0.5)
    assert found["lift_10"] == pytest.approx(1.0)
    assert found["capture_20"] == pytest.approx(0.2)


def test_a_perfect_ranking_catches_all():
    label = np.repeat([1, 0], [50, 950])
    found = ranking(Ranked.of(label, label.astype(float)), np.ones(1000))
    assert (found["auc"], found["average_precision"]) == (1, 1)
    assert found["capture_5"] == pytest.approx(1)
    assert found["lift_5"] == pytest.approx(20)


def test_probabilities_that_are_right_have_no_calibration_error():
    rng = np.random.default_rng(0)
    p = rng.random(200_000)
    found = probability(Ranked.of((rng.random(len(p)) < p).astype(int), p), np.ones(len(p)))
    assert found["calibration_error"] < 0.01
    assert found["expected_over_observed"] == pytest.approx(1, abs=0.01)
    doubled = probability(Ranked.of((rng.random(len(p)) < p / 2).astype(int), p), np.ones(len(p)))
    assert doubled["expected_over_observed"] == pytest.approx(2, abs=0.03)


def test_intervals_by_subject_are_wider_than_by_row_where_rows_repeat():
    label, score = (np.repeat(values, 10) for values in drawn(1, rows=200))
    subject = np.repeat(np.arange(200), 10)
    by_subject, _ = estimates(label, {"a": score}, subject, 300, 0)
    by_row, _ = estimates(label, {"a": score}, np.arange(2000), 300, 0)

    def width(found):
        return found["a"]["auc"]["high"] - found["a"]["auc"]["low"]

    assert width(by_subject) > 2 * width(by_row)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    truth, covered = 0.5, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        label, score = rng.integers(0, 2, 150), rng.random(150)
        found, _ = estimates(label, {"noise": score}, np.arange(150), 150, seed)
        covered += found["noise"]["auc"]["low"] <= truth <= found["noise"]["auc"]["high"]
    assert covered >= 51  # 95 % of 60 is 57; fewer than 51 has a chance below 1 %


def test_a_paired_difference_of_equal_scores_is_nothing():
    label, score = drawn(2)
    _, difference = estimates(label, {"a": score, "b": score * 2 / 3}, np.arange(len(label)), 50, 0)
    assert difference["b"]["auc"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_resamples_draw_whole_subjects():
    subject = integer_codes(np.array(["x", "y", "x", "z"]))
    for weight in resamples(subject, 20, 0):
        assert weight[0] == weight[2]
        assert weight[0] + weight[1] + weight[3] == 3


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        Ranked.of(np.array([0, 1]), np.array([0.1, np.nan]))
