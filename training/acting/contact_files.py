"""Files that another system hands over: Parquet or CSV with the columns that are asked for."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import polars as pl

TRUTH = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
PARQUET = ".parquet"


@dataclass(frozen=True)
class Cell:
    """What a column's cells hold: texts, truth values, or numbers from ``least`` to ``most``.

    Parameters
    ----------
    kind
        ``pl.String``, ``pl.Boolean`` or ``pl.Float64``.
    empty
        Whether a cell may be empty.
    above
        Whether ``least`` itself is too little.
    """

    kind: type[pl.DataType]
    empty: bool = False
    least: float = -math.inf
    most: float = math.inf
    above: bool = False

    @property
    def allowed(self) -> str:
        """What may stand there, in words."""
        if self.kind != pl.Float64:
            return "a text" if self.kind == pl.String else "true or false, 1 or 0"
        least = "" if math.isinf(self.least) else f" {'above' if self.above else 'from'} {self.least:g}"
        most = ", such as 1234.5" if math.isinf(self.most) else f" to {self.most:g}"
        return f"a number{least}{most}"

    def read(self, text: pl.Series) -> pl.Series:
        """Return what the texts say; null where they say nothing that is allowed."""
        if self.kind == pl.String:
            return text
        bare = text.str.strip_chars().str.to_lowercase()
        if self.kind == pl.Boolean:
            return bare.replace_strict(TRUTH, default=None, return_dtype=pl.Boolean)
        # A table of truth values is one of numbers too: an answer is 0 or 1.
        number = bare.replace({"true": "1", "false": "0"}).cast(pl.Float64, strict=False)
        closed: Literal["right", "both"] = "right" if self.above else "both"
        fits = number.is_finite() & number.is_between(self.least, self.most, closed=closed)
        return number.to_frame().select(pl.when(fits).then(number).alias(number.name)).to_series()


TEXT, NUMBER, YES_OR_NO = Cell(pl.String), Cell(pl.Float64), Cell(pl.Boolean)
CHANCE = Cell(pl.Float64, least=0.0, most=1.0)
TAKEN = replace(CHANCE, above=True)  # of what happened: it was possible


def read_table(
    path: Path,
    needed: tuple[str, ...],
    error: type[ValueError] = ValueError,
    cells: Mapping[str, Cell] | None = None,
) -> pl.DataFrame:
    """Read a table.

    Parameters
    ----------
    cells
        What stands in columns of these names, where they are there; all others are as they come.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Of the kind ``error``: a file that is no table, has no rows or lacks a column of ``needed``; a cell
        that holds something else, by its row and column.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file; allowed are Parquet and CSV with {', '.join(needed)}")
    kinds = cells or {}
    try:
        # The whole column says its type: amounts are often whole numbers for hundreds of rows. What is
        # checked is read as it stands, so that 00123 stays the member that it is.
        found = (
            pl.read_parquet(path)
            if path.suffix == PARQUET
            else pl.read_csv(path, infer_schema_length=None, schema_overrides=dict.fromkeys(kinds, pl.String))
        )
    except pl.exceptions.PolarsError as cause:
        if (line := _wide(path)) is not None:
            raise error(
                f"{path}, line {line}: has more cells than the header; a comma in a cell needs quotes"
            ) from cause
        raise error(
            f"{path}: neither Parquet nor CSV in UTF-8 with a header; needed are {', '.join(needed)}"
        ) from cause
    absent = [name for name in needed if name not in found.columns]
    if absent:
        there = ", ".join(map(repr, found.columns))[:200]
        raise error(
            f"{path}: column {absent[0]} is missing; needed are {', '.join(needed)}; the file has {there}"
        )
    if found.is_empty():
        raise error(f"{path}: has no rows; needed is one a member")
    checked = [name for name in kinds if name in found.columns]
    return found.with_columns(_column(found[name], kinds[name], path, error) for name in checked)


def _wide(path: Path) -> int | None:
    """The first line with more cells than the header, where the file is a text at all."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            width = len(next(rows, []))
            return next((rows.line_num for row in rows if len(row) > width), None)
    except (csv.Error, UnicodeDecodeError, IsADirectoryError):
        return None


def _column(own: pl.Series, cell: Cell, path: Path, error: type[ValueError]) -> pl.Series:
    if own.dtype.is_nested():
        raise error(f"{path}: {own.name}: {own.dtype}; allowed in every row is {cell.allowed}")
    text = own.cast(pl.String, strict=False)
    blank = text.str.strip_chars().fill_null("") == ""
    read = cell.read(text)
    wrong = (blank & (not cell.empty)) | (~blank & read.is_null())
    if wrong.any():
        at = int(wrong.arg_max() or 0)
        row = f"row {at + 1}" if path.suffix == PARQUET else f"line {at + 2}"
        said = "empty" if blank[at] else repr(text[at])
        more = f" (and {wrong.sum() - 1:,} more rows)" if wrong.sum() > 1 else ""
        raise error(f"{path}, {row}, {own.name}: {said}{more}; allowed is {cell.allowed}")
    return read


def require_one_row(
    rows: pl.DataFrame, keys: tuple[str, ...], path: Path, error: type[ValueError] = ValueError
) -> None:
    """Refuse a table in which the same ``keys`` stand in several rows; ``error`` names the first."""
    twice = rows.filter(pl.struct(keys).is_duplicated())
    if len(twice):
        named = ", ".join(f"{key} {twice[key][0] or '(empty)'}" for key in keys)
        raise error(f"{path}: {named} stands in more than one row; allowed is one row each")
