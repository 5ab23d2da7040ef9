"""Database sources: a table or a query is copied once into a Parquet file, which is then read like any other.

The rows are sorted by all their columns, since a database promises no order, and written aside.
"""

import shutil
from pathlib import Path

import polars as pl

from training.sources.mapping.mapping_file import Mapping
from training.sources.mapping.source_spec import Source
from training.sources.reading.database_reader import batches


def fetched(mapping: Mapping, folder: Path) -> Mapping:
    """Return the mapping with every database source copied into ``folder``; as it is where there is none.

    Raises
    ------
    FileNotFoundError
        A database file that is not there.
    ValueError
        No such table, a query that fails, a connection that cannot be made or is lost; then
        nothing of it is left behind.
    """
    sources = dict(mapping.sources)
    for name, source in mapping.sources.items():
        if source.url:
            out = folder / f"{name}.parquet"
            copied(source, mapping.root(), out)
            sources[name] = source.model_copy(update={"file": str(out.absolute()), "format": "parquet"})
    return mapping.with_sources(sources)


def version(source: Source, root: Path) -> str:
    """Return what changes when the data change: the answer to ``version:``, else the number of rows."""
    counted = f"SELECT COUNT(*) FROM ({source.sql}) AS counted"
    found = pl.concat(list(batches(source, root, source.version or counted)), how="vertical_relaxed")
    return str(found.rows())


def copied(source: Source, root: Path, out: Path) -> None:
    """Copy the rows of a database source into a Parquet file; see ``fetched``."""
    parts = out.with_suffix(".parts")
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(parents=True)
    try:
        for number, frame in enumerate(batches(source, root, source.sql)):
            frame.write_parquet(parts / f"{number:06}.parquet", compression="lz4")
        _sorted_copy(parts, out)
    finally:
        shutil.rmtree(parts)


def _sorted_copy(parts: Path, out: Path) -> None:
    import duckdb

    together = parts / "together"
    _unified([pl.scan_parquet(path) for path in sorted(parts.glob("*.parquet"))]).sink_parquet(together)
    with duckdb.connect() as connection:
        connection.execute(f"SET timezone='UTC'; SET temp_directory='{parts / 'spill'}'")
        ordered = f"SELECT * FROM read_parquet('{together}') ORDER BY ALL"
        connection.execute(f"COPY ({ordered}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def _unified(frames: list[pl.LazyFrame]) -> pl.LazyFrame:
    """Batches one after the other; a column that is text in one of them is text in all."""
    kinds: dict[str, set[pl.DataType]] = {}
    for frame in frames:
        for name, kind in frame.collect_schema().items():
            kinds.setdefault(name, set()).add(kind)
    texts = [name for name, found in kinds.items() if pl.String() in found or found == {pl.Null()}]
    as_text = [frame.with_columns(pl.col(texts).cast(pl.String)) for frame in frames]
    return pl.concat(as_text, how="vertical_relaxed")
