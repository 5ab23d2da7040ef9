"""Rows of a brand's own tables in a record: values of the kinds that the model learnt, or a fault."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
from pydantic import BaseModel

from features.own_tables import EVERYBODY, OwnColumn, OwnTable
from features.texts import read_texts
from serving.contract.problems import NAME, Fault, pointer

TIMES = ("occurred_at", "recorded_at", "ends_at")
OF_CONTRACTS = ("starts_at", "cancelled_at")  # further times of contracts
LONGEST = 3650  # days from one renewal to the next
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
LARGEST = 1e15


def own_frame(table: OwnTable, records: Sequence[Any]) -> pl.DataFrame:
    """Return the rows of one table in all records, each record's subject named by its number.

    Rows that subjects share are in no record: what is read of them is not known.
    """
    sent = [(at, row) for at, one in enumerate(records) for row in one.own.get(table.name, ())]
    rows = sent if table.is_direct else []
    key = [] if table.key == EVERYBODY else [pl.Series(table.key, [str(at) for at, _ in rows], pl.String)]
    names = (*TIMES, *(OF_CONTRACTS if table.is_contracts else ()))
    times = [_moments(name, [getattr(row, name) for _, row in rows]) for name in names]
    times += _renewals(row for _, row in rows) if table.is_contracts else []
    values = [pl.Series(one.stored, [own_cell(row, one) for _, row in rows], one.dtype) for one in table.sent]
    return read_texts(table.texts, pl.DataFrame([*key, *times, *values]))


def _renewals(rows: Iterable[BaseModel]) -> list[pl.Series]:
    """What contracts have beside their times."""
    told = [(renews_days(row), line(row)) for row in rows]
    return [
        pl.Series("renews_days", [days for days, _ in told], pl.Int64),
        pl.Series("line", [name for _, name in told], pl.String),
    ]


def renews_days(row: BaseModel) -> int | None:
    """Return after how many days a contract goes on; ``ValueError`` where that is none."""
    value = (row.model_extra or {}).get("renews_days")
    if value is None:
        return None
    if isinstance(value, bool | str) or value != int(value) or not 1 <= value <= LONGEST:
        raise ValueError(f"must be a whole number of days from 1 to {LONGEST}")
    return int(value)


def line(row: BaseModel) -> str | None:
    """Return which contracts it follows; ``ValueError`` where it is no text."""
    value = (row.model_extra or {}).get("line")
    if value is not None and not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _checks(table: OwnTable) -> Iterator[tuple[str, Callable[[BaseModel], object]]]:
    """Each value that rows of a table may bring, and what reads it."""
    yield from ((column.name, partial(own_cell, column=column)) for column in table.sent)
    yield from (("renews_days", renews_days), ("line", line)) if table.is_contracts else ()


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
            for name, read in _checks(table):
                try:
                    read(row)
                except ValueError as error:
                    where = pointer(*place, "own", table.name, at, name)
                    yield Fault(where, "wrong_type", str(error))


def unknown_own(described: Sequence[OwnTable], record: Any) -> Iterator[str]:
    """Name the tables and columns that were sent and that the model does not read from records."""
    known = {table.name: {name for name, _ in _checks(table)} for table in described if table.is_direct}
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
