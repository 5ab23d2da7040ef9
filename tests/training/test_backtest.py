"""Rolling origins: nobody learns from what was not known, and frozen stays frozen."""

import json

import numpy as np
import polars as pl
import pytest
import stages

from models.learners.recipe import Recipe
from training.data.rows import informative_features, read_contacted
from training.io import read_json
from training.stages import backtest as module
from training.stages.backtest import Maker, _apart, _blocks, backtest, origins


@pytest.fixture(scope="module")
def made(made_up):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made_up)
        yield stages.params(), *read_contacted(stages.params().build / "churn")


def maker(params, rows, facts) -> Maker:
    best = read_json(params.build / "churn" / "tune.json")["best"]
    return Maker(informative_features(rows, facts), Recipe.of(best, params.seed), 3000)


def test_origins_leave_enough_before_and_after(made):
    _, rows, _ = made
    starts = origins(rows, 6)
    assert len(starts) >= 4
    assert starts == sorted(set(starts))
    for start in starts:
        past = rows.filter(pl.col("window_end") <= start)
        assert len(past) >= module.FEWEST
        assert past["label"].n_unique() == 2


def test_too_short_a_history_has_no_origins(made):
    _, rows, _ = made
    assert origins(rows.head(300), 6) == []


def test_nobody_learns_from_an_outcome_that_was_open(made, monkeypatch):
    params, rows, facts = made
    seen, real = [], Maker.fit
    monkeypatch.setattr(
        Maker, "fit", lambda self, past: (seen.append(past["window_end"].max()), real(self, past))[1]
    )
    starts = origins(rows, 5)
    blocks = _blocks(rows, starts, maker(params, rows, facts), "member_id", params)
    assert all(last <= start for last, start in zip(sorted(seen), starts, strict=True))
    for block, start, end in zip(blocks, starts, [*starts[1:], None], strict=True):
        assert block["as_of"].min() >= start
        assert end is None or block["as_of"].max() < end


def test_at_the_first_origin_both_ways_are_one_model_and_later_not(made):
    params, rows, facts = made
    blocks = _blocks(rows, origins(rows, 5), maker(params, rows, facts), "member_id", params)
    assert blocks[0]["refitted"].equals(blocks[0]["frozen"].alias("refitted"))
    assert not blocks[-1]["refitted"].equals(blocks[-1]["frozen"].alias("refitted"))


def test_labels_of_the_future_change_no_score_of_a_block(made):
    params, rows, facts = made
    starts = origins(rows, 5)
    later = pl.col("window_end") > starts[1]
    turned = rows.with_columns(
        label=pl.when(later).then(1 - pl.col("label")).otherwise("label").cast(pl.Int8)
    )
    made_with = maker(params, rows, facts)
    first, second = (_blocks(frame, starts, made_with, "member_id", params) for frame in (rows, turned))
    for mode in module.MODES:
        assert first[1][mode].equals(second[1][mode])
    assert not first[3]["refitted"].equals(second[3]["refitted"])


def test_the_stage_writes_points_inside_their_intervals_and_the_same_twice(made):
    params, _, _ = made
    path = params.results / "churn" / "backtest.json"
    before = path.read_bytes()
    backtest(params, "churn")
    assert path.read_bytes() == before
    found = json.loads(before)
    for row in (*found["origins"], found["overall"]):
        for mode in module.MODES:
            for estimate in row[mode].values():
                assert estimate["low"] <= estimate["value"] <= estimate["high"]
    drawn = found["random_split"]
    assert drawn["gap"]["auc"]["low"] < drawn["gap"]["auc"]["value"] < drawn["gap"]["auc"]["high"]
    assert np.isclose(
        drawn["gap"]["auc"]["value"], drawn["random"]["auc"]["value"] - drawn["out_of_time"]["auc"]["value"]
    )


def test_a_moved_base_rate_is_followed(made):
    params, rows, facts = made
    rows = rows.with_columns(
        window_end=pl.col("as_of") + 20 * 86_400
    )  # outcomes are known before the next origin
    starts = origins(rows, 5)
    rng = np.random.default_rng(0)
    fewer = (pl.col("as_of") >= starts[2]) & pl.Series(rng.random(len(rows)) < 0.5)
    moved = rows.with_columns(label=pl.when(fewer).then(0).otherwise("label").cast(pl.Int8))
    blocks = _blocks(moved, starts, maker(params, rows, facts), "member_id", params)
    ratios = [float(block["refitted"].sum() / block["label"].sum()) for block in blocks]
    assert ratios[2] > 1.3  # nobody could know yet
    assert abs(ratios[-1] - 1) < abs(ratios[2] - 1) / 2


def test_the_interval_of_a_difference_is_wider_than_each():
    one, two = {"value": 0.8, "low": 0.77, "high": 0.83}, {"value": 0.7, "low": 0.66, "high": 0.74}
    found = _apart(one, two)
    assert found["value"] == pytest.approx(0.1)
    assert found["high"] - found["low"] == pytest.approx(0.1)
