"""Today's list: who is scored against who was tested."""

import numpy as np
import polars as pl
import pytest
import stages

from models.fitted.model import Model
from models.population import outside
from models.scorer import Population, Scorer
from training.data.rows import read_contacted
from training.io import write_json
from training.params import Economics, Params
from training.reporting.sections import coverage
from training.reporting.sections.checks import UNTESTED, checks
from training.reporting.sections.coverage import SMALL, by_value
from training.reporting.sections.today import covered, today
from training.reporting.source import Source
from training.stages.score import write_scores


def scored(params: Params, rows: pl.DataFrame) -> Source:
    """The made-up task with these rows as the list of the day."""
    folder = params.build / "churn"
    model = Model.load(folder / "model")
    rows = rows.with_columns(outside(rows, model.boundaries))
    shares = [band["share"] for band in model.card["bands"]]
    population = Population.of(model.probability(rows), "2025-01-01T00:00:00+00:00", shares)
    (folder / "snapshot").mkdir(exist_ok=True)
    rows.select("subject_id", "as_of", *model.reads).write_parquet(folder / "snapshot/snapshot.parquet")
    write_scores(
        Scorer.from_parts(model, population, folder), rows, ["subject_id"], folder / "scores.parquet"
    )
    write_json(folder / "population.json", population.to_json())
    return Source(params, "churn")


@pytest.fixture
def params(made_up, monkeypatch):
    monkeypatch.chdir(made_up)
    found = stages.params()
    stated = Economics(value=10, cost=1, capacity=0.2, date="2026-07-01")  # type: ignore[arg-type]
    yield found.model_copy(update={"economics": found.economics.model_copy(update={"churn": stated})})
    for name in ("scores.parquet", "population.json"):
        (found.build / "churn" / name).unlink(missing_ok=True)


@pytest.fixture
def listed(params) -> pl.DataFrame:
    """One test row of each member, whom the task is about."""
    rows = read_contacted(params.build / "churn")[0].filter(pl.col("split") == "test")
    rows = rows.rename({"member_id": "subject_id"}).unique("subject_id", maintain_order=True, keep="first")
    refused = pl.when(pl.int_range(pl.len()) >= 380).then(pl.lit("profiling_refused"))
    return rows.with_columns(refused.alias("suppression_reason"))


def abroad(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """The first rows come from a region that nobody was tested in."""
    place = pl.int_range(pl.len())
    return rows.with_columns(region=pl.when(place < count).then(pl.lit("abroad")).otherwise("region"))


def line(source: Source) -> dict:
    found = checks(source)["checks"]
    return next(check for check in found if check["check"] == "inside")


def test_a_list_like_the_tested_rows_is_inside(params, listed):
    source = scored(params, listed)
    found = today(source)
    assert found["far"]["en"] == ""
    assert line(source)["result"] == "good"
    assert sum(band["n"] for band in found["bands"]) == found["n"] == 380
    assert found["fills"] == "good"
    assert found["acted"] == pytest.approx(0.2, abs=0.02)
    assert [(row["status"], row["n"]) for row in found["left"]] == [("suppressed", 20)]


def test_a_segment_that_was_not_tested_is_named_and_the_check_fails(params, listed):
    source = scored(params, abroad(listed, 100))
    found = today(source)
    assert found["far"]["en"].endswith("abroad")
    assert found["untested"] == pytest.approx(100 / found["n"], abs=0.01)  # one more may be rare by chance
    assert line(source)["result"] == "bad"
    assert line(source)["value"] > UNTESTED


def test_a_segment_far_rarer_in_the_test_than_today_is_outside_too(params, listed):
    """The test knows it, but hardly: so long a wait since the last order is common today."""
    known = read_contacted(params.build / "churn")[0].filter(pl.col("split") == "test")["days_since_order"]
    assert 0 < (known > 365).mean() < 0.1
    found = today(scored(params, listed.with_columns(days_since_order=pl.lit(700.0))))
    assert "days since the last order 366+" in found["far"]["en"]
    assert found["untested"] == 1


def test_small_groups_are_not_told_but_count(params, listed):
    found = today(scored(params, abroad(listed, SMALL - 1)))
    regions = next(table for table in found["tables"] if table["factor"] == "region")
    assert "abroad" not in [row["label"]["en"] for row in regions["rows"]]
    assert regions["suppressed"] == 1
    assert found["untested"] == pytest.approx((SMALL - 1) / found["n"], abs=0.01)


def test_what_is_kept_beside_a_model_tells_of_a_list_what_its_report_does(params, listed):
    """Small parts of the test are not kept: they count as hardly tested either way."""
    source = scored(params, abroad(listed, 100))
    kept, told = coverage.tested(source), today(source)
    assert min(n for parts in kept["parts"].values() for n in parts.values()) >= SMALL
    found = covered(source, source.model, kept)
    assert {name: told[name] for name in found} == found
    assert found["untested"] > 0.2


def test_without_scores_it_says_so(params):
    source = Source(params, "churn")
    assert today(source)["reason"] == "not_scored"
    assert line(source)["result"] == "unrun"


def test_means_are_the_same_in_every_digit_however_threads_work():
    rng = np.random.default_rng(0)
    rows = pl.DataFrame({"value": rng.integers(0, 6, 60_000), "p": rng.random(60_000)})
    assert len({tuple(by_value(rows).agg(pl.col("p").mean()).rows()) for _ in range(60)}) == 1
