"""The new model against the one that serves."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import stages

from models.fitted.model import Model
from models.learners.calibration import Calibration
from training.evaluation.metrics import top_changes
from training.reporting.sections.challenger import best, challenger, is_best
from training.reporting.source import Source


@pytest.fixture
def source(made_up, monkeypatch):
    """The made-up churn task, with no champion before and after."""
    monkeypatch.chdir(made_up)
    found = Source(stages.params(), "churn")
    yield found
    for name in ("champion", "best"):
        shutil.rmtree(found.folder / name, ignore_errors=True)


def test_without_a_champion_it_says_so(source):
    assert challenger(source)["reason"] == "no_champion"


def test_the_model_itself_is_no_challenger(source):
    source.model.save(source.folder / "champion")
    assert challenger(source)["reason"] == "champion_same"


def test_a_weaker_champion_is_beaten_and_a_ranking_alone_decides(source):
    weaker = replace(source.model, booster=source.model.booster[:2], calibration=Calibration(5.0, 0.3))
    weaker.save(source.folder / "champion")
    found = challenger(source)
    assert found["result"] == "good"
    assert found["difference"]["average_precision"]["low"] > 0
    rows = {row["part"]: row["n"] for row in found["swapped"]}
    assert rows["enter"] == rows["leave"]
    assert rows["both"] + rows["enter"] == round(0.1 * found["n"])


def test_the_best_so_far_is_who_ranks_best_on_the_same_rows(source):
    assert best(source)["reason"] == "no_champion"
    assert is_best(source)
    source.model.save(source.folder / "best")
    assert is_best(source)  # it is the very same
    weaker = replace(source.model, booster=source.model.booster[:2])
    weaker.save(source.folder / "best")
    assert is_best(source)
    source.model.save(source.folder / "best")
    challenged = Source(source.params, "churn")
    scores = weaker.probability(source.test)
    challenged.__dict__.update(model=weaker, probability=scores)  # read before they are read from files
    assert best(challenged)["difference"]["average_precision"]["value"] < 0
    assert not is_best(challenged)


def test_a_champion_of_other_features_cannot_be_compared(source):
    source.model.save(source.folder / "champion")
    path = source.folder / "champion" / "card.json"
    path.write_text(path.read_text().replace('"name": "orders_90d"', '"name": "gone"'))
    assert "gone" in Model.load(source.folder / "champion").encoder.names
    assert challenger(source) == {"assessed": False, "reason": "champion_features", "values": {"n": 1}}


@pytest.mark.parametrize("seed", range(5))
def test_who_enters_equals_who_leaves(seed):
    rng = np.random.default_rng(seed)
    label, new, old = rng.integers(0, 2, 500).astype(float), rng.random(500), rng.random(500)
    rows = {row["part"]: row for row in top_changes(label, new, old, np.arange(500))}
    assert rows["enter"]["n"] == rows["leave"]["n"] == 50 - rows["both"]["n"]
