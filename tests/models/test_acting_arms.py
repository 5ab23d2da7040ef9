"""Whose best option it is, on logs drawn at random from worlds whose effects are known."""

import os
from pathlib import Path

import numpy as np
import pytest

from models.acting import arm_balance
from models.acting.arms import ArmLog, Scores, compare, score
from models.acting.budget import chosen_at, path
from models.acting.off_policy import LogError
from training.acting import arms

ROWS = 4_000
NAMES = ("", "a", "b")


def world(effects, seed=0, rows=ROWS, cost=(0.0, 1.0, 1.0), lean=0.0):
    """Return a log and each row's true effects, shape (rows, 3); ``lean`` draws the arms by the member."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, 4))
    true = np.column_stack([np.zeros(rows), *effects(matrix)])
    chance = np.full((rows, 3), 1 / 3) + lean * np.sign(matrix[:, [0]]) * np.array([0.0, 1.0, -1.0])
    arm = (rng.random((rows, 1)) > chance.cumsum(axis=1)[:, :2]).sum(axis=1)
    rate = 0.15 + 0.05 * (matrix[:, 1] > 0) + true[np.arange(rows), arm]
    reward = (rng.random(rows) < rate).astype(float)
    own = chance[np.arange(rows), arm]
    return ArmLog(matrix, ["q"] * 4, arm, own, reward, NAMES, np.array(cost)), true


def known(log, true):
    """Return scores by models that know the truth: what is left is the noise of the outcomes."""
    rate = 0.15 + 0.05 * (log.matrix[:, [1]] > 0) + true
    hit = np.arange(3) == log.arm[:, None]
    reward = rate + hit / log.probability[:, None] * (log.reward[:, None] - rate)
    return Scores(reward - reward[:, [0]], true)


def opposed(matrix):
    return 0.3 * (matrix[:, 0] > 0), 0.3 * (matrix[:, 0] <= 0)


def test_who_differs_is_told_apart_and_the_value_is_the_true_one():
    log, true = world(opposed)
    found = compare(log, score(log), 1.0)
    assert found.verdict == "choose"
    assert found.policy.low < 0.3 < found.policy.high + 0.02  # .3 is what knowing each member's effect gives
    assert found.policy.value > 0.27
    for arm, one in enumerate(found.arms, start=1):
        assert one.alike.low < found.spend * true[:, arm].mean() < one.alike.high
        assert one.over_alike.low > 0.05


def test_draws_that_lean_on_the_member_are_set_right_by_their_probabilities():
    log, true = world(lambda x: (0.2 * (x[:, 0] > 0), 0.1 + 0 * x[:, 0]), lean=0.25)
    naive = log.reward[log.arm == 1].mean() - log.reward[log.arm == 0].mean()
    found = compare(log, score(log), 1.0).arms[0]
    assert naive > true[:, 1].mean() + 0.04  # it went to those whom it moves
    assert found.alike.low < true[:, 1].mean() < found.alike.high


@pytest.mark.parametrize(
    ("effects", "verdict"),
    [
        (lambda x: (0.2 + 0 * x[:, 0], 0.1 + 0 * x[:, 0]), ("one", "a")),
        (lambda x: (0.3 * (x[:, 0] > 0.5), 0 * x[:, 0]), ("target", "a")),
        (lambda x: (0 * x[:, 0], 0 * x[:, 0]), ("nothing",)),
    ],
)
def test_more_is_not_told_than_what_holds(effects, verdict):
    log, true = world(effects)
    found = compare(log, known(log, true), 0.3)
    assert (found.verdict, found.best)[: len(verdict)] == verdict


def test_equal_spend_is_equal_spend():
    log, true = world(opposed, cost=(0.0, 4.0, 1.0))
    found = compare(log, known(log, true), 0.25)
    assert found.spend <= 1.0
    dear, cheap = found.arms
    assert dear.alike.value == pytest.approx(found.spend / 4 * 0.15, abs=0.02)
    assert cheap.alike.value == pytest.approx(found.spend * 0.15, abs=0.03)


def test_the_choice_at_a_spend_is_that_of_the_path():
    rng = np.random.default_rng(1)
    gain, cost = rng.uniform(0, 5, (50, 3)), rng.uniform(0.5, 2, (50, 3))
    steps = path(gain, cost, np.ones((50, 3), dtype=bool))
    for spend, value in zip(steps.spend[::7], steps.value[::7], strict=True):
        choice = chosen_at(steps, spend, 50)
        on = np.flatnonzero(choice >= 0)
        assert cost[on, choice[on]].sum() == pytest.approx(spend)
        assert (gain - cost)[on, choice[on]].sum() == pytest.approx(value)
    assert (chosen_at(steps, 0.0, 50) == -1).all()


def test_logs_that_cannot_be_judged_are_sentences():
    log, _ = world(opposed, rows=900)
    refused = {
        "got the same": {"names": ("",)},
        "reward: a number": {"reward": log.reward * np.nan},
        "above 0 and up to 1": {"probability": log.probability * 0},
        r"stand for [12]\.": {"probability": log.probability / 2},
        "cost: allowed": {"cost": np.array([0.0, 0.0, 1.0])},
        "option c: 0 rows": {"names": (*NAMES, "c"), "cost": np.ones(4)},
    }
    for words, change in refused.items():
        with pytest.raises(LogError, match=words):
            ArmLog(**(vars(log) | change))
    with pytest.raises(LogError, match="share 0: allowed"):
        compare(log, None, 0)


def test_arms_that_a_column_tells_were_not_drawn_alike():
    fair, _ = world(opposed)
    arm_balance.check(fair.matrix, "wxyz", fair.feature_types, fair.arm)
    leant, _ = world(opposed, lean=0.1)
    with pytest.raises(LogError, match="w: differs between options by more than chance"):
        arm_balance.check(leant.matrix, "wxyz", leant.feature_types, leant.arm)
    hidden = fair.matrix.copy()
    hidden[(fair.arm == 2) & (hidden[:, 3] > 1), 3] = np.nan  # missing for one arm alone
    with pytest.raises(LogError, match="z: differs"):
        arm_balance.check(hidden, "wxyz", fair.feature_types, fair.arm)


@pytest.mark.skipif("MEMBERLENS_DATA" not in os.environ, reason="MEMBERLENS_DATA: the folder of public data")
def test_of_three_mails_one_goes_to_all(tmp_path):
    import polars as pl

    source = Path(os.environ["MEMBERLENS_DATA"]) / "hillstrom-email" / "hillstrom.csv.gz"
    mails = pl.read_csv(source, infer_schema_length=None).gather_every(8)
    option = pl.col("segment").replace("No E-Mail", None)
    mails.with_row_index("subject").with_columns(option=option, reward="visit").write_csv(
        tmp_path / "log.csv"
    )
    known = ["recency", "history", "mens", "womens", "zip_code", "newbie", "channel"]
    log = arms.read(tmp_path / "log.csv", known, {})
    found = compare(log, score(log), 1.0)
    assert (found.verdict, found.best) == ("one", "Mens E-Mail")
    assert found.arms[0].alike.low < 0.0766 < found.arms[0].alike.high  # of all 64,000
