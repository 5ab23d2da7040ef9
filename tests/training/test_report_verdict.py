"""The verdict names a leak, and promises nothing where there is nothing to learn."""

from pathlib import Path

import pytest
import stages

from training.data.artifacts import read_artifact
from training.reporting.build import build
from training.reporting.source import Source
from training.results.evaluated import Detail
from training.review.gates import check_gates
from training.stages.explain import explain


def _sections(signal: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    params = stages.make(signal, members=200)
    explain(params, "churn")
    return build(Source(params, "churn"))["sections"]


def test_a_leak_is_named_and_the_model_not_recommended(tmp_path, monkeypatch):
    found = _sections("leak", tmp_path, monkeypatch)
    alone = next(check for check in found["checks"]["checks"] if check["check"] == "alone")
    assert alone["result"] == "bad"
    assert alone["feature"] == "tickets_90d"
    assert found["verdict"]["status"] == "bad"


def test_random_labels_give_a_lift_that_covers_one(tmp_path, monkeypatch):
    """A 95 % interval misses once in twenty worlds: of three it may miss one; none beats every baseline."""
    lifts = []
    for seed in range(3):
        (tmp_path / str(seed)).mkdir()
        monkeypatch.chdir(tmp_path / str(seed))
        params, _ = stages.judged("random", seed, members=200)
        lifts.append(read_artifact(Detail, params.results / "churn")["estimators"]["model"]["lift_10"])
        assert [
            gate for gate in check_gates(params, "churn") if "gain" in gate["gate"] and not gate["passed"]
        ]
    assert sum(lift["low"] <= 1 <= lift["high"] for lift in lifts) >= 2


def test_a_model_of_random_labels_is_not_recommended(tmp_path, monkeypatch):
    assert _sections("random", tmp_path / "world", monkeypatch)["verdict"]["status"] == "bad"
