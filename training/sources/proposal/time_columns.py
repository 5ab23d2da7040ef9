"""Which column of a file tells when a row happened, and the clock that stands beside a day."""

import re
from dataclasses import replace

import polars as pl

from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import CellKeys, Cells
from training.sources.proposal.name_patterns import CLOSED, CONVERTED, LATER, LOST, means
from training.sources.reading.money_columns import plain_name

CLOCK = r"\d{1,2}h\d{2}|\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?"


def time_of(file: File, table: str) -> Column | None:
    """Find the column that tells when a row of a table happened."""
    return _time(_as_it_began(file) if table == "leads" else file)


def _as_it_began(file: File) -> File:
    """The same without times at which a lead was won or lost, where it has another."""
    ends = [
        c
        for c in file.times
        if any(re.fullmatch(form, plain_name(c.name)) for form in (CONVERTED, CLOSED, LOST, LATER))
    ]
    kept = tuple(column for column in file.columns if column not in ends)
    return replace(file, columns=kept) if len(ends) < len(file.times) else file


def _time(file: File) -> Column | None:
    named = [column for column in file.times if column.name == file.hints.time]
    telling = [column for column in file.times if not means(column.name, "recorded_at")]
    first = next(iter(named or telling or file.times), None)
    return first if first is None or named else _finer(first, telling)


def _finer(day: Column, times: list[Column]) -> Column:
    """Of a day and a moment of the same thing (``event_date``, ``event_timestamp``) the moment."""
    stem = plain_name(day.name).rpartition("_")[0]
    alike = [column for column in times if stem and plain_name(column.name).rpartition("_")[0] == stem]
    return day if day.has_clock else next((column for column in alike if column.has_clock), day)


def with_clock(file: File, cell: CellKeys | None, unsure: list[str]) -> Cells:
    """Read a day together with the clock that stands in a column of its own; empty where none does."""
    day = next((c for c in file.times if cell and c.name == cell.get("column")), None)
    if day is None or day.has_clock or day.unit or len(day.readings) > 1:
        return {}
    clock = next((c for c in file.columns if c.name != day.name and _is_clock(c, file)), None)
    if clock is None:
        return {}
    days = day.readings[0] if day.readings else ("%Y-%m-%d",)
    unsure.append(f"{file.label}: {clock.name} is taken as the clock of {day.name}")
    formats = [f"{form} {_clock_format(clock.example)}" for form in days]
    sql = f'CONCAT("{day.name}", \' \', "{clock.name}")'
    return {"occurred_at": {"sql": sql, "format": formats[0] if len(formats) == 1 else formats}}


def _is_clock(column: Column, file: File) -> bool:
    """Whether all cells of a column are times of day, of one form."""
    if (
        column.kind not in ("text", "time")
        or column.filled < file.rows
        or not re.fullmatch(CLOCK, column.example)
    ):
        return False
    cells = file.frame().select(column.name).head(file.rows).collect().to_series()
    if cells.dtype != pl.String:
        return False
    form = _clock_format(column.example)
    return bool(cells.drop_nulls().str.strip_chars().str.to_time(form, strict=False).is_not_null().all())


def _clock_format(example: str) -> str:
    if "h" in example:
        return "%Hh%M"
    half = re.search(r"[AaPp]\.?[Mm]", example)
    hours = "%I:%M" if half else "%H:%M"
    seconds = ":%S" if example.count(":") > 1 else ""
    return hours + seconds + ((" %p" if " " in example else "%p") if half else "")
