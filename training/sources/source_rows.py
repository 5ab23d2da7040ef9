"""Rows of one table as a source gave them, before they are judged."""

from dataclasses import dataclass

import polars as pl

from features import tables
from training.sources.reading.files import FILE, ROW

CHUNKED = ("purchases", "events", "care")  # read, judged and stored chunk by chunk
COLUMN, REASON = "_column", "_reason"  # the first fault of a row: where it is and what it is
BESIDE = "_beside:"  # of purchases: columns of the source that tell of their amounts, by what they mean
WHOLE_DAY = "_whole_day"  # of outcomes: whether the cell named a day and no time
EMPTIED = "_emptied"  # of people: faulty cells that were emptied, so that their rows stay
PEOPLE = {  # rows that say what somebody allows, which no other cell may cost, and by whose id
    "members": "member_id",
    "leads": "lead_id",
}
MARKS = {FILE: pl.String(), ROW: pl.Int64(), COLUMN: pl.String(), REASON: pl.String()}


@dataclass(frozen=True)
class SourceRows:
    """Typed rows of one table with their origin, and how many the source had.

    Parameters
    ----------
    frame
        Columns of the contract (those given), ``x_`` attributes, and the marks: ``_file`` and
        ``_row`` (from 1) say where a row came from, ``_column`` and ``_reason`` what is wrong.
    read
        Rows that the source had.
    left_out
        Rows that the mapping did not want.
    """

    frame: pl.DataFrame
    read: int
    left_out: int

    def __post_init__(self) -> None:
        if self.frame.height + self.left_out != self.read:
            raise ValueError(
                f"{self.frame.height} rows and {self.left_out} left out are not {self.read} read"
            )


def column_type(table: str, name: str) -> pl.DataType:
    """Return the type of a column in the contract; text for an attribute of the brand's own."""
    spec = tables.columns(table).get(name)
    found = spec.dtype.type if spec else pl.String
    return found() if isinstance(found, type) else found


def can_be_emptied(table: str, name: str) -> bool:
    """Tell whether a row can do without the cell: of people all but their ids and times."""
    spec = tables.columns(table).get(name)
    return table in PEOPLE and name != "recorded_at" and spec is not None and spec.nullable


def given(table: str, frame: pl.DataFrame, before: int = 0) -> SourceRows:
    """Return rows that are in the contract's shape already, numbered from 1 after the ``before`` that came.

    Raises
    ------
    ValueError
        A column that the contract does not have, one that it needs, or one of another type.
    """
    specs = tables.columns(table)
    check_columns(table, frame.columns, table)
    own = {name: column_type(table, name) for name in specs if name in frame.columns}
    for name, dtype in own.items():
        found = frame.schema[name]
        if found != dtype and found != pl.Null and not (found.is_numeric() and dtype.is_numeric()):
            raise ValueError(f"{table}.{name}: type {found} found, allowed is {dtype}")
    marks = [
        pl.lit(table).alias(FILE),
        pl.int_range(before + 1, before + pl.len() + 1, dtype=pl.Int64).alias(ROW),
        *(pl.lit(None, pl.String).alias(name) for name in (COLUMN, REASON)),
    ]
    return SourceRows(
        frame.with_columns(*(pl.col(k).cast(v) for k, v in own.items()), *marks), frame.height, 0
    )


def check_columns(table: str, names: list[str], place: str) -> None:
    """Raise ``ValueError`` where columns are not the contract's, or one that it needs is missing."""
    specs = tables.columns(table)
    extensible = table in tables.EXTENSIBLE
    wrong = [name for name in names if name not in specs and not (extensible and name.startswith("x_"))]
    if wrong:
        allowed = sorted(specs) + (["x_<name>"] if extensible else [])
        raise ValueError(f"{place}: {table} has no columns {wrong}; allowed are {allowed}")
    missing = [name for name, spec in specs.items() if not spec.nullable and name not in names]
    if missing:
        raise ValueError(f"{place}: {table} needs columns {missing}")


def together(parts: list[SourceRows]) -> SourceRows:
    """Return several sources of one table, one after the other; attributes of unequal type become text."""
    kinds: dict[str, set[pl.DataType]] = {}
    for part in parts:
        for name, dtype in part.frame.schema.items():
            kinds.setdefault(name, set()).add(dtype)
    mixed = {name for name, found in kinds.items() if len(found) > 1}
    frames = [
        part.frame.with_columns(pl.col(name).cast(pl.String) for name in part.frame.columns if name in mixed)
        for part in parts
    ]
    frame = pl.concat(frames, how="diagonal")
    return SourceRows(frame, sum(part.read for part in parts), sum(part.left_out for part in parts))
