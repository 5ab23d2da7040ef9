"""Another policy's value from a log: right where the log can tell it, refused where it cannot."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.acting.off_policy import Log, LogError, judge

open_bandit = pytest.mark.skipif(
    "MEMBERLENS_DATA" not in os.environ, reason="MEMBERLENS_DATA names no folder of public data"
)
RATES = np.array([0.1, 0.2, 0.4])
LOGGED, OTHER = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])


def log(seed: int, rows: int = 3000) -> tuple[Log, np.ndarray]:
    """Three actions of known rates, by a known policy; also the actions."""
    rng = np.random.default_rng(seed)
    action = rng.choice(3, rows, p=LOGGED)
    reward = (rng.random(rows) < RATES[action]).astype(float)
    return Log(reward, LOGGED[action], OTHER[action]), action


def test_intervals_cover_the_other_policys_value_and_a_good_model_narrows_them():
    covered, wide = dict.fromkeys(("ips", "snips", "dr"), 0), dict.fromkeys(("ips", "dr"), 0.0)
    for seed in range(200):
        made, action = log(seed)
        found = judge(made, (RATES[action], np.full(len(action), OTHER @ RATES)))
        for name in covered:
            covered[name] += found[name].low <= OTHER @ RATES <= found[name].high
        for name in wide:
            wide[name] += found[name].high - found[name].low
    assert all(186 <= count <= 200 for count in covered.values())
    assert wide["dr"] < 0.98 * wide["ips"]


def test_the_logged_policy_itself_has_the_mean_of_its_log():
    made, _ = log(0)
    same = judge(replace(made, target=made.probability))
    assert same["ips"].value == same["snips"].value == pytest.approx(made.reward.mean())
    assert same["ips"].effective == pytest.approx(len(made.reward))


def test_what_cannot_be_told_is_refused_with_a_sentence():
    made, action = log(1)
    refused = {
        "no probabilities": replace(made, probability=None),
        "above 0": replace(made, probability=np.zeros(len(action))),
        "from 0 to 1": replace(made, target=made.target + 1),
        "supports do not overlap": replace(made, target=np.zeros(len(action))),
        "could not happen": replace(made, unseen=np.full(len(action), 0.3)),
        "weights' mean is": replace(made, target=made.target * 0.5),
        "3,000 rows say as much": replace(made, target=(np.arange(len(action)) < 20).astype(float)),
        "values for": replace(made, target=made.target[:5]),
    }
    for words, bad in refused.items():
        with pytest.raises(LogError, match=words):
            judge(bad)


@open_bandit
def test_the_adaptive_policy_is_told_from_the_random_log_and_not_the_other_way_round():
    folder = Path(os.environ["MEMBERLENS_DATA"]) / "open-bandit"
    random, adaptive = (pl.read_csv(folder / f"{name}-men.csv.gz") for name in ("random", "bts"))
    own = adaptive["click"].mean()
    counts = adaptive.group_by("item_id").agg(target=pl.len() / len(adaptive))
    joined = random.join(counts, on="item_id", how="left", maintain_order="left").fill_null(0)
    made = Log(
        joined["click"].to_numpy().astype(float),
        joined["propensity_score"].to_numpy(),
        joined["target"].to_numpy(),
    )
    rng, covered = np.random.default_rng(0), dict.fromkeys(("ips", "snips"), 0)
    for _ in range(200):
        at = rng.integers(0, len(joined), len(joined))
        found = judge(Log(made.reward[at], made.probability[at], made.target[at]))
        for name in covered:
            covered[name] += found[name].low <= own <= found[name].high
    assert min(covered.values()) >= 186
    back = Log(
        adaptive["click"].to_numpy().astype(float),
        adaptive["propensity_score"].to_numpy(),
        np.full(len(adaptive), 1 / 34),
    )
    with pytest.raises(LogError, match="10,000 rows say as much about the other policy as 6"):
        judge(back)
