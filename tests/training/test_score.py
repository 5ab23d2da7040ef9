"""The batch: the same file, whatever computes its parts."""

import polars as pl
import pytest
import stages

from models import ulids
from models.fitted.model import Model
from models.scorer import Population, Scorer
from training.data.rows import read_contacted
from training.stages import score


@pytest.fixture(scope="module")
def scorer(made_up):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made_up)
        folder = stages.params().build / "churn"
        model, (rows, _) = Model.load(folder / "model"), read_contacted(folder)
        population = Population.of(model.probability(rows), "2025-01-01T00:00:00+00:00")
        return Scorer.from_parts(model, population, folder.absolute()), rows.rename(
            {"member_id": "subject_id"}
        )


def test_parts_and_processes_change_no_byte(scorer, tmp_path, monkeypatch):
    made, rows = scorer
    monkeypatch.setattr(score, "CHUNK", 200)
    files = [tmp_path / f"{processes}.parquet" for processes in (1, 2)]
    for processes, file in enumerate(files, 1):
        score.write_scores(made, rows.head(2_300), ["subject_id"], file, processes)
    assert files[0].read_bytes() == files[1].read_bytes()
    found = pl.read_parquet(files[0])
    assert found["subject_id"].to_list() == rows["subject_id"][:2_300].to_list()
    assert {"expected_value", "value_at_risk", "reasons"} <= {*found.columns}


def test_the_parts_are_those_of_the_whole(scorer, tmp_path, monkeypatch):
    made, rows = scorer
    score.write_scores(made, rows.head(1_000), ["subject_id"], tmp_path / "whole.parquet")
    monkeypatch.setattr(score, "CHUNK", 90)
    score.write_scores(made, rows.head(1_000), ["subject_id"], tmp_path / "parts.parquet")
    whole, parts = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("whole", "parts"))
    for name in ("probability", "expected_value", "value_at_risk"):
        assert whole[name].to_list() == pytest.approx(parts[name].to_list(), rel=1e-6)


def test_ids_are_of_the_content_and_each_of_one_row(scorer, tmp_path):
    made, rows = scorer
    files = [tmp_path / f"{name}.parquet" for name in ("one", "again", "later")]
    for file, frame in zip(files, (rows, rows, rows.with_columns(pl.col("as_of") + 86_400)), strict=True):
        score.write_scores(
            made, frame.head(300).unique("subject_id", maintain_order=True), ["subject_id"], file
        )
    assert files[0].read_bytes() == files[1].read_bytes()
    ids, later = (pl.read_parquet(file)["score_id"] for file in (files[0], files[2]))
    assert ids.n_unique() == len(ids)
    assert not ids.is_in(later.implode()).any()
    moment = pl.read_parquet(files[0])["as_of"].max()
    assert {ulids.milliseconds(one) for one in ids} == {moment * 1000}


def test_where_nobody_is_there_to_be_scored_the_test_is_the_population(scorer, tmp_path, capsys):
    made, rows = scorer
    snapshot = rows.head(5).with_columns(outside_reason=pl.lit("silent"))
    asked = score._scored("churn", snapshot)
    assert asked.is_empty()
    assert (
        "WARNING churn: the task is about nobody who is there; outside: silent 5" in capsys.readouterr().err
    )
    pl.DataFrame({"as_of": [0, 86_400], "probability": [0.1, 0.3]}).write_parquet(tmp_path / "test.parquet")
    found = score._population(tmp_path, made.model, asked, "2026-01-01T00:00:00+00:00")
    assert (found.n, found.as_of) == (2, "1970-01-02T00:00:00+00:00")
    assert (found.grid[0], found.grid[-1]) == (0.1, 0.3)
    out = tmp_path / "scores.parquet"
    score.write_scores(Scorer.from_parts(made.model, found, tmp_path), snapshot, ["subject_id"], out)
    told = pl.read_parquet(out)
    assert told["status"].to_list() == ["outside_population"] * 5
    assert told["probability"].null_count() == 5
