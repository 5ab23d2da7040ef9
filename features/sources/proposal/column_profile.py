"""What the columns of a file look like, from its first rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from features.sources.mapping.source_spec import Source
from features.sources.proposal.hints import NONE, Hints
from features.sources.reading.cell_types import NAIVE, ZONED, as_text
from features.sources.reading.files import FILE, ROW, files, kind_of, read

SAMPLE = 20_000  # rows
DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y")
CLOCKS = ("", " %H:%M", " %H:%M:%S")
YEARS = (1900, 2100)
TRUTHS = ({"0", "1"}, {"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
Kind = Literal["time", "number", "truth", "text"]


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Parameters
    ----------
    kind
        ``time``, ``number``, ``truth`` (two values that mean yes and no), ``text``.
    formats
        Of a time: those in which every value reads; none for a column that is typed, or ISO.
    distinct, filled
        Numbers of different values and of values, in the sample.
    decimals, negatives
        Whether a number has any.
    two
        The values of a column that has two, the commoner one first.
    """

    name: str
    kind: Kind
    formats: tuple[str, ...]
    distinct: int
    filled: int
    decimals: bool
    negatives: bool
    two: tuple[str, ...] = ()

    @property
    def is_unique(self) -> bool:
        """Whether every value is there once."""
        return self.filled > 0 and self.distinct == self.filled


@dataclass(frozen=True)
class File:
    """One file: its columns, and how many rows of it were looked at."""

    path: Path
    sep: str
    columns: tuple[Column, ...]
    rows: int
    hints: Hints = NONE

    @property
    def times(self) -> list[Column]:
        """Columns that hold a time."""
        return [column for column in self.columns if column.kind == "time"]


def sketch(path: Path, hints: Hints = NONE) -> File:
    """Look at the first rows of a file or of a folder, knowing what a user says about it.

    Raises
    ------
    FileNotFoundError, ValueError
        See ``read.read``.
    """
    sep = _separator(files(path)[0])
    source = Source.model_validate({"file": path.name, "sep": sep})
    frame = read(source, path.parent).head(SAMPLE).collect().drop(ROW, FILE)
    return File(path, sep, tuple(_column(series, hints) for series in frame), frame.height, hints)


def _separator(path: Path) -> str:
    if kind_of(path) != "csv" or ".tsv" in path.name:
        return ","
    head = pl.read_csv(
        path, separator="\x01", has_header=False, n_rows=1, infer_schema=False, quote_char=None
    )
    line = str(head.item(0, 0))
    return max(",;\t|", key=line.count)


def _column(series: pl.Series, hints: Hints) -> Column:
    text = series.to_frame("v").select(as_text(pl.col("v"), series.dtype))["v"].drop_nulls()
    kind, formats = _kind(series, text)
    if hints.format is not None and hints.time in (None, series.name) and _has(text, hints.format):
        kind, formats = "time", (hints.format,)
    number = text.cast(pl.Float64, strict=False) if kind == "number" else pl.Series(dtype=pl.Float64)
    decimals, negatives = bool((number % 1 != 0).any()), bool((number < 0).any())
    counts = text.value_counts(sort=True)
    two = tuple(counts[text.name]) if len(counts) == 2 else ()
    return Column(series.name, kind, formats, len(counts), len(text), decimals, negatives, two)


def _has(text: pl.Series, form: str) -> bool:
    return len(text) > 0 and _reads(text, form)


def _kind(series: pl.Series, text: pl.Series) -> tuple[Kind, tuple[str, ...]]:
    if isinstance(series.dtype, pl.Date | pl.Datetime):
        return "time", ()
    if not len(text):
        return "text", ()
    if series.dtype == pl.Boolean or set(text.str.to_lowercase().unique()) in TRUTHS:
        return "truth", ()
    iso = text.str.replace(" ", "T", literal=True)
    if any(_reads(iso, form) for form in (*NAIVE, ZONED)):
        return "time", ()
    numbers = text.cast(pl.Float64, strict=False).null_count() == 0
    formats = tuple(f"{day}{clock}" for day in DATES for clock in CLOCKS if _reads(text, f"{day}{clock}"))
    if formats and (not numbers or bool(text.str.len_chars().eq(8).all())):
        return "time", formats
    return ("number" if numbers else "text"), ()


def _reads(text: pl.Series, form: str) -> bool:
    kind = pl.Datetime("us", "UTC") if form == ZONED else pl.Datetime("us")
    years = text.str.strptime(kind, form, strict=False).dt.year()
    return bool(years.is_between(*YEARS).fill_null(False).all())
