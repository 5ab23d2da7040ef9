"""The stage: what it releases, when it falls back to propensity, and when it refuses the word."""

import json

import numpy as np
import polars as pl
import pytest
import stages

from models.fitted.booster_sum import BoosterSum
from models.fitted.model import Model
from training.io import write_json
from training.params import Params
from training.stages.evaluate import evaluate
from training.stages.fit import fit
from training.stages.uplift import uplift

NAME = "churn"  # the made-up task's name; with an arm it is asked whom a contact moves


def made(seed: int, arm: str = "random") -> Params:
    """A made-up task whose outcome a contact raises where ``orders_30d`` is high, and is frequent elsewhere.

    With ``same`` it is frequent where a contact raises it: then the probability ranks as the effect does.
    """
    params = stages.params(60)
    folder = params.build / NAME
    folder.mkdir(parents=True)
    rows = stages.questions("random", seed, 900, 12)
    rng = np.random.default_rng(seed)
    high, treated = rows["orders_30d"].to_numpy() > 2, rng.random(len(rows)) < 0.6
    elsewhere = 0.15 if arm == "same" else 0.55
    label = rng.random(len(rows)) < np.where(high, 0.15 + 0.3 * treated, elsewhere)
    if arm == "shuffled":
        treated = rng.permutation(treated)
    if arm == "chosen":
        treated = high
    rows = rows.with_columns(
        label=pl.Series(label.astype(np.int8)), arm=pl.Series(np.where(treated, "treat", "control").tolist())
    )
    if arm == "none":
        rows = rows.drop("arm")
    rows.write_parquet(folder / "dataset.parquet")
    write_json(folder / "dataset.json", stages.facts(rows))
    write_json(folder / "tune.json", stages.tuned())
    fit(params, NAME)
    evaluate(params, NAME)
    uplift(params, NAME)
    return params


def read(params: Params) -> dict:
    return json.loads((params.results / NAME / "uplift.json").read_text())


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_clear_effect_is_released_and_is_the_one_that_was_judged(here):
    params = made(1)
    found, folder = read(params), params.build / NAME
    assert (found["ranking"], found["reason"]) == ("uplift", "surely_better")
    assert found["orders"]["uplift"]["qini"]["low"] > 0
    assert found["difference"]["qini"]["value"] == pytest.approx(
        found["orders"]["uplift"]["qini"]["value"] - found["orders"]["propensity"]["qini"]["value"]
    )
    assert set(found["orders"]) == {"uplift", "propensity", "random"}
    amount, model = BoosterSum.load(folder / "uplift"), Model.load(folder / "model")
    rows = pl.read_parquet(folder / "dataset.parquet").filter(pl.col("split") == "test")
    effect = amount.predict(model.encoder.transform(rows))
    assert np.corrcoef(effect, rows["orders_30d"].to_numpy() > 2)[0, 1] > 0.7


def test_where_the_probability_ranks_as_well_it_is_what_ranks(here):
    params = made(1, "same")
    found = read(params)
    assert (found["ranking"], found["reason"]) == ("propensity", "as_good")
    assert found["orders"]["uplift"]["qini"]["low"] > 0
    assert found["difference"]["qini"]["low"] <= 0
    assert BoosterSum.load(params.build / NAME / "uplift") is None


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_shuffled_arms_fall_back_to_propensity_and_release_no_effect(here, seed):
    params = made(seed, "shuffled")
    found = read(params)
    assert found["assessed"]
    assert (found["ranking"], found["reason"]) == ("propensity", "includes_zero")
    assert found["orders"]["uplift"]["qini"]["low"] <= 0
    assert BoosterSum.load(params.build / NAME / "uplift") is None


@pytest.mark.parametrize(("arm", "reason"), [("none", "no_arm"), ("chosen", "arm_not_random")])
def test_without_a_random_arm_the_word_is_refused(here, arm, reason):
    params = made(5, arm)
    assert read(params) == {"assessed": False, "reason": reason, "ranking": "propensity"}
    told = json.loads((params.build / NAME / "uplift" / "ranking.json").read_text())
    assert told == {"ranking": "propensity", "reason": reason}
    assert BoosterSum.load(params.build / NAME / "uplift") is None


def test_a_few_held_out_are_too_few(here):
    params = made(6)
    folder = params.build / NAME
    rows = pl.read_parquet(folder / "dataset.parquet")
    few = (pl.col("arm") == "treat") | (pl.int_range(pl.len()) < 60)
    rows.filter(few).write_parquet(folder / "dataset.parquet")
    uplift(params, NAME)
    assert read(params)["reason"] == "few_held_out"
    assert not (folder / "uplift" / "amount.json").exists()


def test_a_second_run_writes_the_same_bytes(here):
    params = made(7)
    files = sorted((params.build / NAME / "uplift").iterdir())
    before = [file.read_bytes() for file in (*files, params.results / NAME / "uplift.json")]
    uplift(params, NAME)
    assert [file.read_bytes() for file in (*files, params.results / NAME / "uplift.json")] == before
