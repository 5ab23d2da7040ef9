"""Own tables in a data set: their features are there and audited, and the useless ones are no inputs."""

import json
from pathlib import Path

import own_worlds
import polars as pl
import pytest
import yaml

from features import own_tables
from features.texts import TextModel
from training import params as settings
from training.data.rows import informative_features, read_contacted
from training.stages.audit import examine
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.ingest import ingest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    """A small brand beside which own tables of noise are stored."""
    folder = tmp_path_factory.mktemp("own")
    given = yaml.safe_load((ROOT / "params.yaml").read_text())
    given["brand"] = {"members": 800, "leads": 200, "start": "2024-01-01", "end": "2025-10-01"}
    given["spine"]["churn"] |= {"days": 60, "gap": 7, "cutoffs": 10}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "params.yaml").write_text(yaml.safe_dump(given))
        params = settings.load()
        ingest(params)
        consent(params)
        tables = params.build / "tables"
        ids = pl.read_parquet(tables / "members.parquet")["member_id"].unique().sort()
        for name, frame in own_worlds.rows(1, members=len(ids), size=6_000).items():
            named = {f"m{at}": member for at, member in enumerate(ids)}
            whose = [pl.col("member_id").replace(named)] if "member_id" in frame.columns else []
            frame.with_columns(whose).write_parquet(tables / f"{name}.parquet")
        own_tables.save(own_worlds.described(folder), tables)
        dataset(params, "churn")
        yield params, json.loads((params.build / "churn" / "dataset.json").read_text())


def test_own_features_are_in_the_data_set_with_their_words(facts):
    _, told = facts
    assert {"own_points", "own_contracts", "own_footfall", "own_sales"} <= set(told["groups"])
    row = next(one for one in told["features"] if one["name"] == "own_points__points__sum_30d")
    assert row["zh"] == "近 30 天积分流水的积分合计"
    assert row["fingerprint"]
    assert [one["name"] for one in told["own_tables"]] == ["points", "contracts", "footfall", "sales"]


def test_columns_of_noise_are_dropped_and_only_own_ones(facts):
    params, told = facts
    rows, found = read_contacted(params.build / "churn")
    names = {feature.name for feature in informative_features(rows, found)}
    own = [row["name"] for row in told["features"] if row["group"].startswith("own_")]
    assert len(told["dropped"]) > len(own) / 3
    assert set(told["dropped"]) <= set(own)
    assert not names & set(told["dropped"])
    assert "orders_90d" in names


def test_texts_that_taught_later_than_the_test_begins_are_refused(facts):
    params, told = facts
    folder = params.build / "tables"
    before = own_tables.load(folder)
    late = TextModel(column="why", learnt_until=2_000_000_000)
    own_tables.save([before[0].model_copy(update={"texts": (late,)}), *before[1:]], folder)
    with pytest.raises(ValueError, match="learn_until") as caught:
        dataset(params, "churn")
    own_tables.save(before, folder)
    begins = told["test_start"][:10]
    assert (
        f"points.why is read by what its texts until 2033-05-18 told, and the test begins at {begins}"
        in str(caught.value)
    )


def test_the_audit_finds_no_leak_among_planted_later_rows(facts):
    params, _ = facts
    checks = {check["check"]: check for check in examine(params, "churn")["checks"]}
    assert checks["recomputed"]["result"] == "good", checks["recomputed"]
