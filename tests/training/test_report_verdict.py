"""The verdict names a leak, and promises nothing where there is nothing to learn."""

from pathlib import Path

import pytest
import stages

from training.data.artifacts import read_artifact
from training.reporting.build import build
from training.reporting.source import Source
from training.results.evaluated import Detail
from training.review.gates import check_gates
from training.stages import evaluate as evaluation
from training.stages.explain import explain
from training.stages.report import report


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


def test_a_simple_method_that_ranks_worse_than_chance_is_no_yardstick(tmp_path, monkeypatch):
    """To beat what nobody would use says nothing: then the model is held against no order at all."""
    kept = evaluation._baselines

    def turned(*given):
        return {name: 1 - score for name, score in kept(*given).items()}

    monkeypatch.setattr(evaluation, "_baselines", turned)
    found, params = _sections("real", tmp_path, monkeypatch), stages.params()
    chance = found["verdict"]["base_rate"]
    assert found["verdict"]["baseline"] == found["ranking"]["baseline"] == "prevalence"
    ranked = found["method"]["estimators"]
    assert max(ranked[name]["average_precision"]["value"] for name in ("rule", "logistic")) < chance
    assert found["verdict"]["gain"]["value"] == pytest.approx(
        ranked["model"]["average_precision"]["value"] - chance, abs=1e-6
    )
    report(params, "churn")
    page = (params.results / "churn" / "report.html").read_text()
    assert "the best simple method (no order, the base rate for everyone)" in page
    assert "最佳简单方法（不作排序，统一基准率）" in page


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
