"""Every member has one portrait, dated, in both languages, that follows from the features."""

import polars as pl
import pytest
import stages
from worlds import finished, raw_world

from features.consent_policy import Policy, Unknown
from training.data.artifacts import Ingest, write_artifact
from training.stages.consent import consent
from training.stages.portrait import GROUPS, RHYTHMS, RISKS, STAGES, _absent, portrait, tags


@pytest.fixture
def made(tmp_path, monkeypatch):
    """The portraits of a random world."""
    monkeypatch.chdir(tmp_path)
    params = stages.params().model_copy(update={"consent": Policy(unknown=Unknown(profiling="score"))})
    folder = params.build / "tables"
    folder.mkdir(parents=True)
    for name, frame in finished(raw_world(4, 60)).items():
        frame.write_parquet(folder / f"{name}.parquet")
    write_artifact(params.build, Ingest, stages.ingest("2024-11-01T00:00:00+00:00"))
    consent(params)
    portrait(params)
    return params


def test_everybody_has_one_and_the_same_twice(made):
    path = made.build / "portrait" / "portrait.parquet"
    before, rows = path.read_bytes(), pl.read_parquet(path)
    members = pl.read_parquet(made.build / "tables" / "members.parquet")["member_id"].unique()
    assert rows["member_id"].to_list() == sorted(members)
    assert rows["as_of"].n_unique() == 1
    portrait(made)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["portrait.parquet"]


def test_codes_have_words_in_both_languages(made):
    rows = pl.read_parquet(made.build / "portrait" / "portrait.parquet")
    for name, words in {"stage": STAGES, "rhythm": RHYTHMS, "risk": RISKS}.items():
        assert set(rows[name]) <= set(words)
    for row in rows.iter_rows(named=True):
        assert STAGES[row["stage"]][0] in row["en"]
        assert STAGES[row["stage"]][1] in row["zh"]


def test_without_purchases_everybody_is_a_prospect(made):
    (made.build / "tables" / "purchases.parquet").unlink()
    (made.build / "tables" / "responses.parquet").unlink(missing_ok=True)
    portrait(made)
    rows = pl.read_parquet(made.build / "portrait" / "portrait.parquet")
    assert set(rows["stage"]) == {"prospect"}
    assert rows["value_tier"].null_count() == len(rows)


def test_a_source_without_members_has_none(made):
    for name in ("members", "purchases"):
        (made.build / "tables" / f"{name}.parquet").unlink()
    portrait(made)
    assert pl.read_parquet(made.build / "portrait" / "portrait.parquet").is_empty()


def test_the_most_valuable_fifth_of_the_buyers_is_tier_a(tmp_path):
    n = 100
    rows = pl.DataFrame(
        {
            "member_id": [f"m{at:03d}" for at in range(n)], "stage": ["mature"] * n,
            "days_since_first_order": [400.0 + at for at in range(n)],
            "orders": [1.0 + at for at in range(n)],
            "revenue": [100.0 * at for at in range(n)], "last_category": ["tea"] * n, "as_of": [0] * n,
        },
        schema_overrides={"as_of": pl.Int64},
    )  # fmt: skip
    found = tags(rows.with_columns(_absent(GROUPS, set(rows.columns))), tmp_path, 1_700_000_000)
    assert found["value_tier"].value_counts().sort("value_tier").rows() == [("A", 20), ("B", 30), ("C", 50)]
    assert found.filter(pl.col("value_tier") == "A")["member_id"].min() == "m080"
