"""Rows of a database in batches: DuckDB and SQLite files, PostgreSQL and MySQL servers, by connection URL."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from training.sources.mapping.source_spec import Source
from training.sources.reading.files import first_line

BATCH = 100_000  # rows
FILES = {"duckdb": "duckdb:///", "sqlite": "sqlite:///"}
SERVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}
PLAIN = {str, bool, int, float, datetime, date, time, timedelta, bytes}
TIMEOUT = 10  # seconds in which a server must answer


def batches(source: Source, root: Path, query: str) -> Iterator[pl.DataFrame]:
    """Yield rows of a query; at least one frame, even where there is no row.

    Parameters
    ----------
    root
        Folder from which the path of a database file counts.

    Raises
    ------
    FileNotFoundError
        A database file that is not there.
    ValueError
        A query that fails, or a connection that cannot be made or is lost.
    """
    url = _url(source)
    kind = url.split(":", 1)[0]
    if kind == "duckdb":
        return _of_duckdb(_file(url, kind, root), query, source.label)
    if kind == "sqlite":
        return _of_server(f"sqlite:///file:{_file(url, kind, root)}?mode=ro&uri=true", query, source.label)
    if kind in SERVERS:
        address = SERVERS[kind] + url.removeprefix(kind)
        return _of_server(address, query, source.label, connect_timeout=TIMEOUT)
    raise ValueError(f"{source.label}: database {kind!r} is not known; allowed are {[*FILES, *SERVERS]}")


def _url(source: Source) -> str:
    """The URL with ``${NAME}`` replaced from the environment, so that no password stands in a mapping."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise ValueError(f"{source.label}: the environment variable {found[1]} is not set")
        return os.environ[found[1]]

    return re.sub(r"\$\{(\w+)\}", value, str(source.url))


def _file(url: str, kind: str, root: Path) -> Path:
    path = root / Path(url.removeprefix(FILES[kind])).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such database file")
    return path


def _of_duckdb(path: Path, query: str, label: str) -> Iterator[pl.DataFrame]:
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SET timezone='UTC'")
            reader: Any = connection.execute(query).to_arrow_reader(BATCH)
            yield pl.DataFrame(pl.from_arrow(reader.schema.empty_table()))
            for batch in reader:
                yield pl.DataFrame(pl.from_arrow(batch))
    except duckdb.Error as error:
        raise ValueError(f"{label}: {first_line(error)}") from None


def _of_server(url: str, query: str, label: str, **options: Any) -> Iterator[pl.DataFrame]:
    import sqlalchemy

    literal = sqlalchemy.text(query.replace(":", r"\:"))  # a colon is no parameter here
    try:
        engine = sqlalchemy.create_engine(url, connect_args=options, poolclass=sqlalchemy.NullPool)
        with engine.connect().execution_options(stream_results=True, max_row_buffer=BATCH) as connection:
            result = connection.execute(literal)
            names = list(result.keys())
            yield pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
            for rows in result.partitions(BATCH):
                yield _frame(names, rows)
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise ValueError(f"{label}: {first_line(error)}") from None


def _frame(names: list[str], rows: Iterable[Any]) -> pl.DataFrame:
    columns = zip(names, zip(*rows, strict=True), strict=True)
    return pl.DataFrame({name: pl.Series(name, _plain(cells), strict=False) for name, cells in columns})


def _plain(cells: tuple[Any, ...]) -> list[Any]:
    """Cells of one type: numbers stay numbers, and what is of several types or of a rare one becomes text."""
    kinds = {type(cell) for cell in cells} - {type(None)}
    if len(kinds) == 1 and kinds <= PLAIN:
        return list(cells)
    if kinds <= {int, float, Decimal}:
        return [None if cell is None else float(cell) for cell in cells]
    return [None if cell is None else _text(cell) for cell in cells]


def _text(cell: Any) -> str:
    return json.dumps(cell, ensure_ascii=False, default=str) if isinstance(cell, dict | list) else str(cell)
