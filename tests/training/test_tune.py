"""The search: what it takes as found, and that a killed one goes on."""

import pytest
import stages

from models.boosting import defaults
from training.io import read_json, write_json
from training.params import Params
from training.stages.tune import tune


def searched(signal: stages.Signal, trials: int) -> Params:
    """A search over a made-up task."""
    given = stages.params()
    few = given.tune.model_copy(update={"churn": given.tune.churn.model_copy(update={"trials": trials})})
    params = given.model_copy(update={"tune": few})
    folder = params.build / "churn"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "dataset.parquet").exists():
        rows = stages.questions(signal, 1, 400, 12)
        rows.write_parquet(folder / "dataset.parquet")
        write_json(folder / "dataset.json", stages.facts(rows))
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


def test_what_holds_is_the_best_of_all_trials():
    found = read_json(searched("real", 3).build / "churn/tune.json")
    assert found["holds"]
    assert found["best"]["value"] == max(trial["value"] for trial in found["trials"] if trial["value"])
    assert 1 <= found["best"]["rounds"] < 400


def test_a_search_that_was_cut_off_goes_on_where_it_was():
    whole = read_json(searched("real", 4).build / "churn/tune.json")
    (searched("real", 4).build / "churn/study.journal").unlink()
    searched("real", 2)
    assert read_json(searched("real", 4).build / "churn/tune.json")["trials"] == whole["trials"]
