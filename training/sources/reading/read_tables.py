"""From a brand's files to rows of the contract's tables, as the mapping says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from features.own_tables import is_own
from training.sources.mapping.mapping_file import Mapping
from training.sources.reading.table_reader import OwnTableRows, PartRows
from training.sources.source_rows import CHUNKED, SourceRows, together

CHUNK = 1_000_000  # rows
TIMES = ("occurred_at", "recorded_at")


def read_tables(mapping: Mapping, root: Path, chunk: int = CHUNK) -> dict[str, Iterator[SourceRows]]:
    """Return every table that the mapping names, in the contract's columns and types, read when it is taken.

    Parameters
    ----------
    chunk
        Rows of purchases, events, care and own tables that are held at a time; other tables come whole.

    Raises
    ------
    FileNotFoundError
        A source file that is not there.
    ValueError
        A file that cannot be read, a missing column, a column of the wrong type, a wrong key:
        the sentence names file, column, place in the mapping, what was found and what is allowed.
    """
    parts = {table: _parts(mapping, root, table) for table in _names(mapping)}
    return {table: _rows(table, found, chunk) for table, found in parts.items()}


def newest(mapping: Mapping, root: Path, now: datetime | None = None) -> datetime:
    """Return the newest time at which a row happened or became known, times to come aside.

    Raises
    ------
    ValueError
        Where no row has a time.
    """
    now, found = now or datetime.now(UTC), []
    for part in (part for table in _names(mapping) for part in _parts(mapping, root, table)):
        made = part.typed()
        there = [name for name in TIMES if name in made.collect_schema()]
        ends = made.select(pl.col(name).filter(pl.col(name) <= now).max() for name in there).collect()
        found += [time for time in (ends.row(0) if there else ()) if time is not None]
    if not found:
        raise ValueError(f"{mapping.place.path}: no row of any table has a time in the past")
    return max(found)


def _names(mapping: Mapping) -> list[str]:
    return [*mapping.tables, *mapping.own]


def _parts(mapping: Mapping, root: Path, table: str) -> list[PartRows]:
    if is_own(table):
        return [OwnTableRows(mapping, root, table, 0)]
    return [PartRows(mapping, root, table, index) for index in range(len(mapping.tables[table]))]  # type: ignore[index]


def _rows(table: str, parts: list[PartRows], chunk: int) -> Iterator[SourceRows]:
    if table in CHUNKED or is_own(table):
        for part in parts:
            yield from part.chunks(chunk)
    else:
        yield together([part.whole() for part in parts])
