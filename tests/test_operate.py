"""A night without learning: the champions score everybody, and what they are not is never acted on."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest
from typer.testing import CliRunner

from models.acting_model import acting_folder, has_acting_scores, require_acting_scores
from models.fitted.model import Model
from serving.acting import score_list
from training import params as settings
from training import pipeline
from training.__main__ import app
from training.acting.draft import _stated
from training.data.artifacts import FILES, Tuned, read_artifact, write_artifact
from training.operation import operate as nights
from training.operation.operate import operate
from training.registry import release, release_log, tracking
from training.results.tested import Tested
from training.stages.evaluate import evaluate
from training.stages.final import final
from training.stages.fit import fit
from training.stages.score import score

TASKS = ("churn",)


@pytest.fixture(scope="module")
def released(small_brand: settings.Params) -> Iterator[settings.Params]:
    """The small brand with a champion of churn, and open gates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(release, "release_gates", lambda params, name: [])
        for name in TASKS:
            tracking.track(small_brand, name)
            release.release(small_brand, name)
        yield small_brand


@pytest.fixture(scope="module")
def retrained(released) -> settings.Params:
    """Another model of churn, which the gates refuse."""
    tuned = read_artifact(Tuned, released.build / "churn")
    other = "trees" if tuned["best"]["estimator"] == "logistic" else "logistic"
    write_artifact(released.build / "churn", Tuned, tuned | {"best": tuned["best"] | {"estimator": other}})
    for stage in (fit, evaluate, final, score):
        stage(released, "churn")
    return released


def lists(params: settings.Params, name: str) -> bytes:
    return (params.build / name / "scores.parquet").read_bytes()


def test_a_night_scores_everybody_by_the_champions_and_keeps_a_journal(released):
    before = {name: lists(released, name) for name in TASKS}
    night = operate(released)
    assert {name: lists(released, name) for name in TASKS} == before  # nothing is newer
    assert [task["task"] for task in night["tasks"]] == ["churn"]
    kept = nights.journal(released).read_bytes()
    assert operate(released) == night
    assert nights.journal(released).read_bytes() == kept
    rows = pl.read_parquet(released.build / "churn" / "scores.parquet")
    told = night["tasks"][0]
    assert told["scored"] == rows["probability"].is_not_null().sum()
    assert told["expected"] == pytest.approx(rows["probability"].mean(), abs=1e-6)
    assert told["version"] == tracking.holder("churn", "champion")
    assert not set(rows["subject_id"]) & set(json.dumps(night).split('"'))  # nothing of anybody


def test_a_list_is_held_against_the_champions_own_test(released):
    """What the pipeline has built since was tested on others: here on one stage of life alone."""
    churn = released.build / "churn"
    told = operate(released)["tasks"][0]["untested"]
    built, kept = churn / "test.parquet", churn / "champion" / FILES[Tested]
    own, before = read_artifact(Tested, kept.parent), built.read_bytes()
    pl.read_parquet(built).head(50).write_parquet(built)
    assert operate(released)["tasks"][0]["untested"] == told
    built.write_bytes(before)
    (stage, rows), *_ = sorted(own["parts"]["stage"].items(), key=lambda item: -item[1])
    assert rows > own["rows"] / 5
    parts = own["parts"] | {"stage": {name: n for name, n in own["parts"]["stage"].items() if name != stage}}
    write_artifact(kept.parent, Tested, {**own, "parts": parts})
    night = operate(released)["tasks"][0]
    assert night["untested"] > 0.2
    assert "untested" in [found["code"] for found in night["findings"]]
    kept.unlink()
    night = operate(released)["tasks"][0]
    assert [found["code"] for found in night["findings"]] == ["test_unknown"]
    write_artifact(kept.parent, Tested, own)


def test_a_later_day_is_a_line_of_its_own_and_its_data_end_too_early(released):
    (first,) = nights.nights(released)
    later = operate(released, date(2026, 3, 1))
    assert [one["day"] for one in nights.nights(released)] == [first["day"], "2026-03-01"]
    ((task, found),) = [pair for pair in nights.findings(later) if pair[1]["code"] == "data_end"]
    assert task == ""
    assert "2026-03-01" in found["en"]
    assert first["extracted_at"][:10] in found["zh"]


def test_a_champion_that_means_something_else_by_a_feature_scores_nobody(released, monkeypatch, capsys):
    card = released.build / "churn" / "champion" / "card.json"
    whole = card.read_text()
    content = json.loads(whole)
    content["features"][0]["fingerprint"] = "0" * 16
    card.write_text(json.dumps(content))
    name, before = content["features"][0]["name"], lists(released, "churn")
    try:
        (task,) = operate(released)["tasks"]  # a night of other tasks goes on
        assert task["scored"] == 0
        (found,) = task["findings"]
        assert found["code"] == "cannot_score"
        assert f"{name}: computed" in found["en"]
        assert f"{name}: computed" in found["zh"]
        monkeypatch.setattr(release, "has_acting_scores", lambda folder: False)
        release.score_by_champion(released, "churn")  # said, and no reason to stop a release of other tasks
        assert "churn: the champion cannot score" in capsys.readouterr().err
    finally:
        card.write_text(whole)
    assert lists(released, "churn") == before


def test_scores_of_a_model_that_was_not_released_are_not_acted_on(retrained):
    assert not has_acting_scores(retrained.build / "churn")
    with pytest.raises(ValueError, match=r"not the champion; release it .* or .*memberlens operate"):
        require_acting_scores(retrained.build / "churn")
    with pytest.raises(ValueError, match="not the champion"):
        score_list.read(retrained.build, "churn")
    require_acting_scores(retrained.build / "recall")  # of which nothing was released yet
    assert len(score_list.read(retrained.build, "recall"))
    assert _stated(retrained).value > 0  # of response, of which nothing was released yet


def test_a_refusal_leaves_the_lists_of_the_champion(retrained, monkeypatch):
    gate = {"gate": "positives in the test", "value": 3, "needs": ">= 50", "passed": False}
    monkeypatch.setattr(release, "release_gates", lambda params, name: [gate])
    served = Model.load(acting_folder(retrained.build / "churn"))
    score(retrained, "churn")
    tracking.track(retrained, "churn")
    with pytest.raises(release.RefusedError):
        release.release(retrained, "churn")
    assert release_log.read(retrained)[-1]["decision"] == "refuse"
    assert has_acting_scores(retrained.build / "churn")
    rows = pl.read_parquet(retrained.build / "churn" / "scores.parquet").filter(pl.col("status") == "ok")
    asked = pl.read_parquet(retrained.build / "churn" / "snapshot" / "snapshot.parquet")
    asked = rows.select("subject_id").join(asked, on="subject_id", maintain_order="left")
    assert rows["probability"].to_numpy() == pytest.approx(served.probability(asked), abs=1e-9)


def test_a_rollback_takes_the_lists_with_it(retrained):
    score(retrained, "churn")
    tracking.track(retrained, "churn")
    release.release(retrained, "churn")
    newer = lists(retrained, "churn")
    assert has_acting_scores(retrained.build / "churn")
    release.rollback(retrained, "churn")
    assert has_acting_scores(retrained.build / "churn")
    assert lists(retrained, "churn") != newer


def test_the_command_tells_what_to_look_at_by_its_exit_code(released, monkeypatch):
    monkeypatch.setattr(pipeline, "shared", lambda: 0)
    run = CliRunner().invoke(app, ["operate", "--day", "2026-03-01"])
    assert run.exit_code == 5
    assert "look at the data: the data for 2026-03-01 end on 2026-01-01" in run.output
    kept = nights.journal(released).read_bytes()
    ahead = date.today() + timedelta(days=2)
    for day in (date(2020, 1, 1), ahead):  # a line of the journal for a day to come would stay there
        with pytest.raises(
            ValueError, match=rf"--day {day}: allowed is 2025-12-31 \(the day before the data's"
        ):
            nights.operate(released, day)
    monkeypatch.setattr(pipeline, "shared", lambda: 255)
    run = CliRunner().invoke(app, ["operate"])
    assert run.exit_code == 255
    assert nights.journal(released).read_bytes() == kept


def test_where_nothing_was_released_the_command_says_so(released, monkeypatch):
    monkeypatch.setattr(nights, "champion_folder", lambda folder: None)
    with pytest.raises(ValueError, match="no task has a champion; `memberlens publish`"):
        operate(released)
