"""What a group of features or more data bring: measured where it is known."""

import shutil

import pytest
import stages

from training.evaluation.ablation import ALL, ablate, curve, table


@pytest.fixture
def params(made_up, tmp_path, monkeypatch):
    shutil.copytree(made_up, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return stages.params()


def test_the_group_that_makes_the_outcome_is_missed_and_others_are_not(params):
    found = {row["variant"]: row for row in ablate(params, "churn")["variants"]}
    loss = {name: row["loss_average_precision"] for name, row in found.items() if name != ALL}
    assert loss["without purchases"]["low"] > 0.02
    assert loss["without care"]["low"] < 0.01
    assert found["only purchases"]["auc"]["low"] > found["only care"]["auc"]["high"]
    inputs = {name: row["inputs"] for name, row in found.items()}
    assert inputs["without purchases"] + inputs["only purchases"] == inputs[ALL]


def test_fewer_subjects_are_fewer_rows_and_the_table_has_a_line_each(params):
    result = curve(params, "churn")
    learnt = {row["variant"]: row["learnt"] for row in result["variants"]}
    assert 0.05 < learnt["12.5% of subjects"] / learnt[ALL] < 0.25
    assert learnt["newest 25.0% of days"] < learnt["newest 50.0% of days"] < learnt[ALL]
    assert len(table(result).splitlines()) == 2 + len(result["variants"])
    assert (params.results / "churn" / "learning_curve.json").exists()
