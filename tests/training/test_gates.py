"""Every gate refuses, each for its own reason, and says by how much."""

import json
import shutil

import numpy as np
import polars as pl
import pytest
import stages

from training.io import write_json
from training.review import gates
from training.stages.report import report

AP = "average_precision"


@pytest.fixture
def params(made_up, tmp_path, monkeypatch):
    """A copy of the made-up task with its report, to spoil."""
    shutil.copytree(made_up, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    found = stages.params()
    if not (found.results / "churn" / "report.html").exists():
        report(found, "churn")
    return found


def failed(params) -> list[str]:
    return [gate["gate"] for gate in gates.release_gates(params, "churn") if not gate["passed"]]


def spoil(params, file: str, change) -> None:
    path = params.results / "churn" / file
    content = json.loads(path.read_text())
    change(content)
    write_json(path, content)


def test_a_sound_model_passes_every_gate(params):
    assert failed(params) == []


SPOILT = {
    "positives in the test": ("detail.json", lambda found: found.update(positives=3)),
    f"gain in {AP.replace('_', ' ')} over rule, lower end": (
        "detail.json",
        lambda found: found["differences"]["rule"][AP].update(low=-0.001),
    ),
    "expected over observed, re-based monthly": (
        "metrics.json",
        lambda found: found.update(rebased_expected_over_observed=1.3),
    ),
    "checks of the report": (
        "report.json",
        lambda found: found["sections"]["verdict"].update(failed_checks=["one_feature"]),
    ),
}


@pytest.mark.parametrize("gate", SPOILT)
def test_each_figure_alone_refuses(params, gate):
    spoil(params, *SPOILT[gate])
    assert failed(params) == [gate]


def test_without_a_report_nothing_is_released(params):
    (params.results / "churn" / "report.html").unlink()
    assert failed(params) == ["report"]


def test_a_missing_signature_refuses_where_it_is_asked_for(params, monkeypatch):
    wanted = gates.wanted_gates() | {"signoff": {"roles": ["compliance"]}}
    monkeypatch.setattr(gates, "wanted_gates", lambda: wanted)
    assert failed(params) == ["signatures"]


def test_a_model_that_is_worse_than_the_champion_is_refused(params):
    folder = params.build / "churn"
    shutil.copytree(folder / "model", folder / "champion")
    assert failed(params) == []  # the model itself
    test = pl.read_parquet(folder / "test.parquet")
    shuffled = np.random.default_rng(0).permutation(test["probability"].to_numpy())
    test.with_columns(probability=pl.Series(shuffled)).write_parquet(folder / "test.parquet")
    model = folder / "model" / "model.ubj"
    model.write_bytes(_fewer_trees(model))
    assert failed(params) == ["gain in average precision over the champion, lower end"]


def _fewer_trees(path) -> bytes:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return bytes(booster[:1].save_raw("ubj"))
