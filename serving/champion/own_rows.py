"""Rows of a brand's own tables in a record: values of the kinds that the model learnt, or a fault."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from pydantic import BaseModel

from features.own_tables import EVERYBODY, OwnColumn, OwnTable
from features.texts import read_texts
from serving.contract.problems import NAME, Fault, pointer

TIMES = ("occurred_at", "recorded_at", "ends_at")
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
LARGEST = 1e15


def own_frame(table: OwnTable, records: Sequence[Any]) -> pl.DataFrame:
    """Return the rows of one table in all records, each record's subject named by its number.

    Rows that subjects share are in no record: what is read of them is not known.
    """
    sent = [(at, row) for at, one in enumerate(records) for row in one.own.get(table.name, ())]
    rows = sent if table.is_direct else []
    key = [] if table.key == EVERYBODY else [pl.Series(table.key, [str(at) for at, _ in rows], pl.String)]
    times = [_moments(name, [getattr(row, name) for _, row in rows]) for name in TIMES]
    values = [pl.Series(one.stored, [own_cell(row, one) for _, row in rows], one.dtype) for one in table.sent]
    return read_texts(table.texts, pl.DataFrame([*key, *times, *values]))


def own_cell(row: BaseModel, column: OwnColumn) -> str | int | float | None:
    """Return the value of a column; ``ValueError`` where it is of another kind than the model learnt."""
    value: Any = (row.model_extra or {}).get(column.name)
    if value is None:
        return None
    if column.kind in ("category", "id", "text"):
        if isinstance(value, str | bool):
            return str(value).lower() if isinstance(value, bool) else value
        raise ValueError("must be a text")
    if column.kind == "yes":
        if isinstance(value, bool):
            return int(value)
        raise ValueError("must be true or false")
    if isinstance(value, bool | str) or abs(value) > LARGEST:
        raise ValueError("must be a number up to 1e15")
    if column.unit == "cents" and value != int(value):
        raise ValueError("must be a whole number of cents")
    return int(value) if column.unit == "cents" else float(value)


def own_faults(described: Sequence[OwnTable], record: Any, place: tuple[str | int, ...]) -> Iterator[Fault]:
    """Find values of another kind than the model learnt."""
    for table in described:
        for at, row in enumerate(record.own.get(table.name, ())):
            for column in table.sent:
                try:
                    own_cell(row, column)
                except ValueError as error:
                    where = pointer(*place, "own", table.name, at, column.name)
                    yield Fault(where, "wrong_type", str(error))


def unknown_own(described: Sequence[OwnTable], record: Any) -> Iterator[str]:
    """Name the tables and columns that were sent and that the model does not read from records."""
    known = {table.name: {column.name for column in table.sent} for table in described if table.is_direct}
    for name, rows in record.own.items():
        if name not in known:
            yield f"own.{_shown(name)}"
        else:
            sent = {column for row in rows for column in (row.model_extra or {})}
            yield from (f"own.{name}.{_shown(column)}" for column in sent - known[name])


def _shown(name: str) -> str:
    """A name; what does not look like one could be a value in a name's place, and is not told."""
    return name if NAME.fullmatch(name) else "?"


def _moments(name: str, values: list[datetime | None]) -> pl.Series:
    numbers = [None if value is None else (value - EPOCH) // MICROSECOND for value in values]
    return pl.Series(name, numbers, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
