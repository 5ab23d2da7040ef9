"""Last night's scores as a list: the highest first, in words, without who may not be scored."""

import polars as pl
import pytest
from typer.testing import CliRunner

import memberlens

RUNNER = CliRunner()


@pytest.fixture
def top(desk, monkeypatch):
    monkeypatch.setattr("serving.settings.load", lambda: desk.state.settings)
    return lambda *words: RUNNER.invoke(memberlens.app, ["top", *words])


def listed(found, tmp_path) -> pl.DataFrame:
    assert found.exit_code == 0, (found.output, found.exception)
    return pl.read_csv(tmp_path / "top.csv")


def test_the_highest_come_first_with_their_reasons(top, brand, tmp_path):
    out = ["--out", str(tmp_path / "top.csv"), "--rows", "1000"]
    batch = pl.read_parquet(brand.settings.build_dir / "churn" / "scores.parquet")
    batch = batch.filter(pl.col("status") == "ok").sort("probability", "subject_id", descending=[True, False])
    rows = listed(top("churn", *out, "--language", "zh"), tmp_path)
    assert rows["subject_id"].to_list() == batch["subject_id"].to_list()
    said = batch.select(pl.col("reasons").list.first().struct.field("zh"))["zh"]
    assert rows["reason_1"].to_list() == said.to_list()
    band = batch["band"][0]
    some = listed(top("churn", *out, "--band", band, "--by", "value_at_risk"), tmp_path)
    assert set(some["band"]) == {band}
    assert some["value_at_risk"].is_sorted(descending=True)
    assert 0 < len(some) < len(rows)
    assert len(top("churn", "--rows", "2").output.splitlines()) == 3


def test_who_has_withdrawn_since_is_on_no_list(top, desk, tmp_path):
    out = ["--out", str(tmp_path / "top.csv"), "--rows", "1000"]
    before = listed(top("churn", *out), tmp_path)["subject_id"].to_list()
    desk.tell(before[0], profiling="withdrawn", occurred_at="2026-01-01T00:00:00Z")
    assert listed(top("churn", *out), tmp_path)["subject_id"].to_list() == before[1:]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nothing"], "top nothing: .*scores.parquet is not there"),
        (["churn", "--by", "uplift"], "can be ordered by probability, expected_value"),
        (["churn", "--band", "x"], "--band x: the bands of this task are"),
        (["churn", "--out", "x.xlsx"], "end in .csv or .parquet"),
    ],
)
def test_what_is_allowed_is_named(top, words, says):
    found = top(*words)
    assert found.exit_code == 1
    with pytest.raises(ValueError, match=says):
        raise found.exception
