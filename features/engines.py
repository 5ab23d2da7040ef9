"""Where features are computed: DuckDB for many rows on one machine, Polars for one request.

The only module with a branch per engine; the expressions are the same.
"""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from features.compute import compute
from features.feature import Group


def to_parquet(
    spine: Path,
    tables: Path,
    groups: Iterable[Group],
    out: Path,
    memory: str = "6GB",
    threads: int = 2,
) -> None:
    """Features of every row of the spine, streamed through DuckDB into one file.

    Parameters
    ----------
    spine
        Parquet; see ``compute``.
    tables
        Folder with one Parquet file a table.
    out
        Parquet, sorted by ``row_id``: the spine's columns and the features. Written aside and renamed.
    memory
        What DuckDB may hold; beyond it spills to disk beside ``out``.
    """
    import duckdb

    groups = tuple(groups)
    aside = out.with_suffix(".part")
    with duckdb.connect() as connection:
        connection.execute(
            f"SET memory_limit='{memory}'; SET threads={threads}; SET preserve_insertion_order=false"
        )
        connection.execute(f"SET temp_directory='{out.parent / 'spill'}'")
        asked = connection.read_parquet(str(spine))
        needed = {group.table for group in groups if group.table}
        relations = {name: connection.read_parquet(str(tables / f"{name}.parquet")) for name in needed}
        features = compute(asked, relations, groups)
        joined = asked.set_alias("asked").join(features.set_alias("found"), "row_id").order("row_id")
        joined.write_parquet(str(aside), compression="zstd")
    aside.rename(out)


def kinds(tables: Path) -> dict[str, dict[str, bool]]:
    """For each table of a folder its ``x_`` columns, and of each whether it is a category."""
    found = {}
    for path in sorted(tables.glob("*.parquet")):
        schema = pl.read_parquet_schema(path)
        own = {name: not kind.is_numeric() for name, kind in schema.items() if name.startswith("x_")}
        found[path.stem] = own
    return found
