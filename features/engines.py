"""Where features are computed: DuckDB on one machine, Polars for one request, Spark on many machines.

The only module with a branch per engine; the expressions are the same.
"""

import math
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import narwhals as nw
import polars as pl

from features.buckets import bucketed, keys_of
from features.compute import compute
from features.cumulative import CumulativeGroup
from features.feature import Group
from features.replacing import replacing

A_BUCKET = 10_000_000  # rows that meet their questions: of purchases, some 2 GB with what is made of them
MOST, MOST_A_QUESTION = 100_000_000, 10_000  # rows joined: more of both are no subjects' own


def to_parquet(
    spine: Path, tables: Path, groups: Iterable[Group], out: Path, memory: str = "6GB", threads: int = 2
) -> None:
    """Write the features of every row of the spine, streamed through DuckDB into one file.

    Parameters
    ----------
    spine
        Parquet; see ``compute``.
    tables
        Folder with one Parquet file a table.
    out
        Parquet, sorted by ``row_id``: the spine's columns and the features. Written aside and renamed.
    memory
        What DuckDB may hold; beyond it spills to disk beside ``out``. Where more than ``A_BUCKET`` rows meet
        their questions, buckets of subjects are answered one after another.
    """
    import duckdb

    groups = tuple(groups)
    with replacing(out) as aside, duckdb.connect() as connection:
        _configure(connection, memory, threads, out.parent / "spill")
        asked = connection.read_parquet(str(spine))
        needed = {name for group in groups for name in group.reads}
        relations = {name: connection.read_parquet(str(tables / f"{name}.parquet")) for name in needed}
        pairs, joined = _require_subjects(asked, relations, groups), partial(_answered, groups=groups)
        number = math.ceil(max(pairs.values(), default=0) / A_BUCKET)
        if number <= 1:
            joined(asked, relations).order("row_id").write_parquet(str(aside), compression="zstd")
        else:
            _, key = max(pairs, key=pairs.__getitem__)
            with TemporaryDirectory(dir=out.parent) as folder:
                found = bucketed(
                    connection, asked, relations, keys_of(groups), key, number, Path(folder), joined
                )
                found.order("row_id").write_parquet(str(aside), compression="zstd")


def _configure(connection: Any, memory: str, threads: int, spill: Path) -> None:
    connection.execute(
        f"SET memory_limit='{memory}'; SET threads={threads}; SET preserve_insertion_order=false"
    )
    connection.execute(f"SET temp_directory='{spill}'")


def _answered(asked: Any, tables: Mapping[str, Any], groups: tuple[Group, ...]) -> Any:
    """The questions beside their features."""
    return asked.set_alias("asked").join(compute(asked, tables, groups).set_alias("found"), "row_id")


def _require_subjects(
    asked: Any, tables: Mapping[str, Any], groups: Iterable[Group]
) -> dict[tuple[str, str], int]:
    """Return how many rows meet their questions, by table and key.

    Refuses a key that does not tell subjects apart: every question would meet nearly every row.
    """
    met_by: dict[tuple[str, str], int] = {}
    direct = {(g.table, g.key) for g in groups if g.table and not isinstance(g, CumulativeGroup)}
    for name, key in sorted(direct):
        mine = nw.from_native(asked).group_by(key).agg(asked=nw.len())
        rows = nw.from_native(tables[name]).group_by(key).agg(rows=nw.len())
        met = mine.join(rows, on=key, how="inner").select(
            nw.col("asked").sum(), rows=(nw.col("asked") * nw.col("rows")).sum()
        )
        questions, pairs = met.collect().row(0)
        met_by[name, key] = pairs or 0
        if questions and pairs > MOST and pairs / questions > MOST_A_QUESTION:
            raise ValueError(
                f"table {name}, key {key}: {pairs / questions:,.0f} rows a question, {pairs:,.0f} in all: "
                "the key does not tell subjects apart; rows that many share are a table of `own_tables` with "
                "`key: everybody` or `through`, which are summed up in order of time"
            )
    return met_by


def spark(
    master: str, memory: str = "2g", partitions: int = 200, conf: Mapping[str, str] | None = None
) -> Any:
    """Return a Spark session as features need it: times in UTC, so that hours are the same everywhere.

    Parameters
    ----------
    master
        ``local[2]`` or the address of a cluster.
    conf
        Spark's own settings, such as ``spark.executor.memory``.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ValueError(
            "engine spark: not installed; `make spark` installs it, Java 17 is needed too"
        ) from None
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.memory": memory,
        "spark.sql.shuffle.partitions": partitions,
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(master).appName("memberlens")
    for key, value in (settings | dict(conf or {})).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def to_partitions(session: Any, spine: Path, tables: Path, groups: Iterable[Group], out: Path) -> None:
    """Write the features of every row of the spine on Spark: Parquet in, Parquet partitions out.

    Nothing comes to the driver. ``spine``, ``tables`` and ``out`` may be folders of partitions on a
    shared file system; ``out`` is replaced as a whole.
    """
    groups = tuple(groups)
    asked = session.read.parquet(str(spine))
    needed = {name for group in groups for name in group.reads}
    frames = {name: session.read.parquet(str(tables / f"{name}.parquet")) for name in needed}
    features = compute(asked, frames, groups)
    asked.join(features, "row_id").write.mode("overwrite").parquet(str(out))


def attribute_types(tables: Path) -> dict[str, dict[str, bool]]:
    """Return for each table of a folder its ``x_`` columns, and of each whether it is a category."""
    found = {}
    for path in sorted(tables.glob("*.parquet")):
        schema = pl.read_parquet_schema(path)
        own = {name: not kind.is_numeric() for name, kind in schema.items() if name.startswith("x_")}
        found[path.stem] = own
    return found
