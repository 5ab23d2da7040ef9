"""The features as one statement: run on DuckDB, and compiled for warehouses that are not there to run it."""

from pathlib import Path

import duckdb
import own_worlds
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from worlds import finished, raw_world, spine_of

from features import catalog
from features.compute import compute

pytest.importorskip("sqlglot", reason="sqlglot is an extra: `make warehouse`")

import sqlglot

from features import warehouse

KINDS = {
    "members": {"x_income": False, "x_club": True}, "leads": {}, "campaigns": {"x_reward": False},
    "purchases": {}, "events": {}, "outreach": {}, "care": {}, "closures": {},
}  # fmt: skip


def contract_world(folder: Path):
    world = finished(raw_world(1))
    return spine_of(world, 5), world, catalog.available(catalog.GROUPS, KINDS)


def own_world(folder: Path):
    return own_worlds.spine(7), own_worlds.rows(7), own_worlds.groups(folder)


def written(folder: Path, spine: pl.DataFrame, world: dict[str, pl.DataFrame]) -> None:
    spine.write_parquet(folder / "spine.parquet")
    for name, frame in world.items():
        frame.write_parquet(folder / f"{name}.parquet")


def run(folder: Path, statement: str) -> pl.DataFrame:
    """What DuckDB answers to the statement, over the folder's files."""
    with duckdb.connect() as connection:
        for path in folder.glob("*.parquet"):
            connection.read_parquet(str(path)).create_view(path.stem)
        return connection.sql(statement).pl().sort("row_id")


@pytest.mark.parametrize(
    ("made", "dialect"),
    [(contract_world, "bigquery"), (contract_world, "snowflake"), (own_world, "duckdb")],
)
def test_the_statement_of_every_dialect_gives_the_features(made, dialect, tmp_path):
    """A warehouse's statement is read back from its dialect into DuckDB's: compiled, it means the same."""
    spine, world, groups = made(tmp_path)
    written(tmp_path, spine, world)
    statement = warehouse.select(tmp_path / "spine.parquet", tmp_path, groups, dialect)
    (parsed,) = sqlglot.parse(statement, read=dialect)
    assert not list(parsed.find_all(sqlglot.exp.Anonymous, sqlglot.exp.Typeof))
    found = run(tmp_path, statement if dialect == "duckdb" else parsed.sql("duckdb"))
    expected = compute(spine, world, groups).sort("row_id")
    found.columns = [name.lower() for name in found.columns]
    assert_frame_equal(found, expected, rel_tol=1e-12, check_column_order=False)


@pytest.mark.parametrize(
    ("said", "bigquery", "snowflake"),
    [
        (
            "a / b",
            "CAST(a AS FLOAT64) / b",
            "CAST(a AS DOUBLE) / b",
        ),  # Snowflake: six digits of whole numbers
        ("max(a IS NULL)", "MAX(CASE WHEN a IS NULL THEN 1 ELSE 0 END)", None),
        ("(a = 1)::DOUBLE", "CAST(CAST((a = 1) AS INT64) AS FLOAT64)", None),
        (
            "greatest(a, b)",
            "GREATEST(COALESCE(a, b), COALESCE(b, a))",
            None,
        ),  # an empty one empties the result
        ("contains(['x', 'y'], a)", "a IN ('x', 'y')", None),
        ("add(a, b) * 2", "(a + b) * 2", None),
    ],
)
def test_what_warehouses_do_otherwise_is_said_in_words_that_all_share(said, bigquery, snowflake):
    tree = warehouse.portable(f"SELECT {said} FROM t")
    assert tree.sql("bigquery") == f"SELECT {bigquery} FROM t"
    assert snowflake is None or tree.sql("snowflake") == f"SELECT {snowflake} FROM t"


def test_snowflake_finds_names_that_were_made_without_quotes(tmp_path):
    spine, world, groups = contract_world(tmp_path)
    written(tmp_path, spine.with_columns(pl.lit(1).alias("x_收入")), world)
    statement = warehouse.select(tmp_path / "spine.parquet", tmp_path, groups[:2], "snowflake")
    assert "FROM spine" in statement
    assert '"x_收入"' in statement
    assert '"row_id"' not in statement


def test_what_has_no_counterpart_is_refused():
    with pytest.raises(ValueError, match=r"approx_magic\(…\) has no counterpart"):
        warehouse.portable("SELECT approx_magic(a) FROM t")


def test_an_unknown_dialect_or_missing_questions_are_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="'oracle': one of bigquery, duckdb, snowflake"):
        warehouse.select(tmp_path / "spine.parquet", tmp_path, [], "oracle")
    with pytest.raises(FileNotFoundError, match=r"spine\.parquet: not there"):
        warehouse.select(tmp_path / "spine.parquet", tmp_path, [], "duckdb")
