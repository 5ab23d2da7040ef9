"""What the times of a file are: when a row happened, was recorded, ends, and what became of it later."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from training.sources.mapping import cell_spec
from training.sources.proposal.cell_proposal import read_as
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, all_of
from training.sources.proposal.mapping_keys import Cell, Tables, full, short
from training.sources.proposal.own_words import says
from training.sources.reading.cell_types import TIME, typed
from training.sources.reading.money_columns import plain_name

FULL, NEVER_EARLIER, TO_COME = 0.95, 0.99, 0.01  # of the rows
# The period that a contract is in is written anew with each: it says nothing of what was agreed.
RUNNING = (
    r"(current|next|upcoming)_(billing_|charge_)?(period|term|charge|billing|renewal|payment|order)"
    r"(_(start|end|date|at|on|time))*"
)
# What nobody writes beforehand: so far the rows of a file reach.
DONE = r"(cancell?ed|terminated)(_(at|on|date|time))?|(取消|解约)(时间|日期)"
LASTING = timedelta(days=2)  # what ends sooner was a visit, and is known when it is over


@dataclass
class Times:
    """The times of a file.

    Parameters
    ----------
    occurred, recorded, ends
        Columns; ``recorded`` and ``ends`` where there is one.
    later
        Columns that are filled once something happened to a row: each is a table of its own.
    left_out
        Columns that are none of these.
    """

    occurred: Column
    recorded: Column | None = None
    ends: Column | None = None
    later: list[Column] = field(default_factory=list)
    left_out: list[Column] = field(default_factory=list)


def cell(column: Column) -> Cell:
    """Say how a time is made of a column."""
    return short(read_as(column, "occurred_at"))


def moments(file: File, columns: Iterable[Column]) -> pl.DataFrame:
    """Return the times of some columns, in UTC, null where a cell is none."""
    listed = list(columns)
    frame = all_of(file, [column.name for column in listed])
    made = [
        typed(
            cell_spec.Cell.model_validate(cell(c)), pl.col(c.name), frame.schema[c.name], TIME, "UTC"
        ).value.alias(c.name)
        for c in listed
    ]
    return frame.select(made)


def newest(tables: Tables, files: Mapping[str, File]) -> datetime | None:
    """Return the newest moment at which a row of these tables happened; ``None`` where none says so."""
    found = []
    for part in (part for parts in tables.values() for part in parts):
        file, name = files[part["source"]], full(part["columns"].get("occurred_at", {})).get("column")
        columns = [column for column in file.times if column.name == name]
        found += [moments(file, columns).to_series().max()] if columns else []
    return max((time for time in found if isinstance(time, datetime)), default=None)


def times_of(file: File, until: datetime | None) -> Times | None:
    """Tell the times of a file apart; ``None`` where no column says when a row happened.

    Parameters
    ----------
    until
        The newest moment at which a row of the files placed before happened: what lies after it is to come.
    """
    usable = [column for column in file.times if not says("person", column.name)]
    usable = [column for column in usable if not says("touched", column.name)] or usable
    usable = [column for column in usable if not re.fullmatch(RUNNING, _bare(column))] or usable
    told = moments(file, usable)
    full = [column for column in usable if told[column.name].count() >= FULL * told.height]
    first = _first(file, full, told)
    if first is None:
        return None
    found = Times(first, left_out=[column for column in file.times if column not in usable])
    done = [c.name for c in usable if re.fullmatch(DONE, _bare(c))]
    reached = (until, *(told[name].max() for name in (first.name, *done)))
    last = max(time for time in reached if isinstance(time, datetime))
    for column in (column for column in usable if column is not first):
        _place(found, column, told, last, column in full)
    return found


def _bare(column: Column) -> str:
    """The column's name without what stands in brackets behind it, as ``(UTC)``."""
    return re.sub(r"_*[(（][^()（）]*[)）]$", "", plain_name(column.name))


def _first(file: File, full: list[Column], told: pl.DataFrame) -> Column | None:
    """When rows happened: as a user says, else the earliest that is no end and no time of recording."""
    named = [column for column in full if column.name == file.hints.time]
    plain = [column for column in full if not says("end", column.name) and not says("recorded", column.name)]
    fair = named or plain or [column for column in full if not says("end", column.name)] or full
    return min(fair, key=lambda column: told[column.name].median(), default=None)


def _place(found: Times, column: Column, told: pl.DataFrame, last: datetime, is_full: bool) -> None:
    """Say what one further time is, by its name, how often it is there, and whether it is still to come."""
    name, there = column.name, told[column.name].drop_nulls()
    gaps = (told[name] - told[found.occurred.name]).drop_nulls()
    to_come = len(there) > 0 and (there > last + LASTING).sum() > TO_COME * len(there)
    lasts = len(gaps) > 0 and (gaps >= LASTING).sum() > len(gaps) / 2
    never_earlier = (gaps >= timedelta(0)).sum() >= NEVER_EARLIER * len(gaps)
    if is_full and says("recorded", name):
        found.recorded = _later(found.recorded, column, told)
    elif says("end", name) and (to_come or (is_full and lasts)) and found.ends is None:
        found.ends = column
    elif to_come or not len(gaps):
        found.left_out.append(column)
    elif not is_full:
        found.later.append(column)
    elif never_earlier:
        found.recorded = _later(found.recorded, column, told)
    else:
        found.left_out.append(column)


def _later(one: Column | None, other: Column, told: pl.DataFrame) -> Column:
    """Of two times at which a row may have been known the later: what it says is known by then at least."""
    if one is None:
        return other
    return max((one, other), key=lambda column: told[column.name].median())
