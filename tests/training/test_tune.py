"""The search: what it takes as found, and that a killed one goes on."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import stages
from optuna.trial import FixedTrial

from models.learners.boosting import defaults, space, train
from models.learners.encoder import Encoder
from training.data.folds import folds
from training.data.rows import informative_features, read_contacted
from training.io import read_json, write_json
from training.params import Params
from training.stages.tune import NATURAL, _at_edge, tune


def searched(signal: stages.Signal, trials: int, rows: int = 4000, **settings: object) -> Params:
    """A search over a made-up task on so many rows of each side of a block."""
    given = stages.params()
    small = given.tune.churn.model_copy(update={"trials": trials, "rows": rows, **settings})
    few = given.tune.model_copy(update={"churn": small})
    params = given.model_copy(update={"tune": few})
    folder = params.build / "churn"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "dataset.parquet").exists():
        asked = stages.questions(signal, 1, 400, 12)
        asked.write_parquet(folder / "dataset.parquet")
        write_json(folder / "dataset.json", stages.facts(asked))
    tune(params, "churn")
    return params


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_where_nothing_holds_over_time_the_defaults_are_used():
    found = read_json(searched("random", 3).build / "churn/tune.json")
    assert not found["holds"]
    assert found["best"]["params"] == defaults(4000)
    assert found["best"]["params"]["max_depth"] == 2  # few rows: what is deeper is luck


def test_an_estimator_that_is_named_serves_whatever_the_others_would_do():
    found = read_json(searched("real", 2, estimators=("trees",)).build / "churn/tune.json")
    assert [one["estimator"] for one in found["candidates"]] == ["trees"]
    assert found["best"]["estimator"] == "trees"


def test_what_holds_is_the_best_of_all_trials():
    found = read_json(searched("real", 3).build / "churn/tune.json")
    assert found["holds"]
    assert found["best"]["value"] == max(trial["value"] for trial in found["trials"] if trial["value"])
    assert 1 <= found["best"]["rounds"] < 400


@pytest.mark.parametrize(("limit", "doubled"), [(5, True), (400, False)])
def test_where_the_rounds_there_are_do_not_suffice_the_steps_are_larger(monkeypatch, limit, doubled):
    monkeypatch.setattr("models.learners.boosting.MAX_ROUNDS", limit)
    found = read_json(searched("real", 1).build / "churn/tune.json")
    tried, taken = found["trials"][0]["params"], found["best"]["params"]
    times = taken["learning_rate"] / tried["learning_rate"]
    assert times == (4 if doubled else 1)  # of .08, until it is .2 or more
    assert taken | {"learning_rate": 0} == tried | {"learning_rate": 0}


@pytest.mark.parametrize(("whole", "most"), [(60_000, 4_800), (50, 300)])
def test_rounds_are_those_that_many_rows_ask_for_and_never_fewer_than_the_search_had(
    monkeypatch, whole, most
):
    monkeypatch.setattr("training.stages.tune.WHOLE", whole)
    params = searched("real", 2, rows=300)
    best = read_json(params.build / "churn/tune.json")["best"]
    rows, facts = read_contacted(params.build / "churn")
    encoder = Encoder.fit(rows.filter(pl.col("split") != "test"), informative_features(rows, facts))

    def asked(most: int) -> float:
        settings, kinds = best["params"], encoder.feature_types
        found = [
            train(settings, one.train, one.train_label, kinds, 7, watch=(one.valid, one.valid_label))[1]
            for one in folds(rows, facts, encoder, most, 7)
        ]
        return float(np.ceil(np.median(found)))

    assert best["rounds"] == asked(most)
    assert asked(4_800) != asked(300) != asked(50)


def test_a_search_that_was_cut_off_goes_on_where_it_was():
    whole = read_json(searched("real", 4).build / "churn/tune.json")
    (searched("real", 4).build / "churn/study.journal").unlink()
    searched("real", 2)
    assert read_json(searched("real", 4).build / "churn/tune.json")["trials"] == whole["trials"]


@pytest.mark.parametrize(
    ("name", "low", "high", "value", "warned"),
    [
        ("gamma", 0.0, 5.0, 0.0, False),
        ("gamma", 0.0, 5.0, 5.0, True),
        ("subsample", 0.5, 1.0, 1.0, False),
        ("subsample", 0.5, 1.0, 0.5, True),
        ("colsample_bytree", 0.2, 1.0, 0.995, False),
        ("max_depth", 2, 7, 7, True),
        ("max_depth", 2, 7, 2, True),
        ("max_depth", 2, 7, 4, False),
    ],
)
def test_only_an_end_beyond_which_something_lies_is_an_edge(name, low, high, value, warned):
    space = SimpleNamespace(low=low, high=high, log=False)
    assert _at_edge(name, space, value) == warned


def test_every_natural_end_is_an_end_of_the_space():
    """Else a moved bound would be taken for one beyond which nothing lies."""
    trial = FixedTrial(defaults(4000))
    space(trial)
    for name, end in NATURAL.items():
        assert end in (trial.distributions[name].low, trial.distributions[name].high)
