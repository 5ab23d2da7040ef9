"""What a column of a file looks like: its kind, its formats, and what its cells leave open."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from training.sources.proposal.hints import Hints
from training.sources.proposal.time_formats import Reading, counted, is_iso, read, readings
from training.sources.reading.cell_types import as_text
from training.sources.reading.number_format import decimal_mark, is_plain, read_number
from training.sources.reading.words import FALSE, PERHAPS_EMPTY, TRUE

ODD = 500  # cells at most that a sample is completed with
FEW = 30  # different values of a column that are remembered
Kind = Literal["time", "number", "truth", "text"]


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Parameters
    ----------
    kind
        ``time``, ``number``, ``truth`` (two values that mean yes and no), ``text``.
    readings
        Of a time: the formats that read it; several where no cell of the file tells them apart. None for a
        column that is typed, ISO, or counted.
    distinct, filled
        Numbers of different values and of values, in the sample.
    decimals, negatives
        Whether a number has any.
    two
        The values of a column that has two, the commoner one first.
    since, unit
        Of a time that is counted in numbers: from when, and in what.
    decimal
        Decimal mark of numbers that are written for people, with currency signs or thousands marks.
    guessed
        Whether the other decimal mark would read all cells, too, as other numbers.
    words
        Words in it that stand for an empty cell here, but not in every column.
    odd
        A value that is not of the column's kind, where nearly all others are.
    example
        A value, of ambiguous times and numbers one that the readings tell apart.
    values
        Of a text: its values, where there are few.
    spoiled
        Whether most numbers are written as 1.38E+10, which a spreadsheet makes of long ids.
    """

    name: str
    kind: Kind
    readings: tuple[Reading, ...]
    distinct: int
    filled: int
    decimals: bool
    negatives: bool
    two: tuple[str, ...] = ()
    since: str | None = None
    unit: str | None = None
    decimal: str | None = None
    guessed: bool = False
    words: tuple[str, ...] = ()
    odd: str | None = None
    example: str = ""
    values: tuple[str, ...] = ()
    spoiled: bool = False

    @property
    def has_clock(self) -> bool:
        """Whether a time says more than its day."""
        if self.unit:
            return self.unit != "days"
        formats = [form for reading in self.readings for form in reading]
        return any("%H" in form or "%I" in form for form in formats) if formats else len(self.example) > 10

    @property
    def is_unique(self) -> bool:
        """Whether every value is there once."""
        return self.filled > 0 and self.distinct == self.filled


def by_all(frame: pl.LazyFrame, sample: pl.DataFrame, columns: list[Column], hints: Hints) -> list[Column]:
    """Return the same, by cells of the whole file where a format hangs on them that a sample may not show."""
    wanted = {c.name: _telling(c) for c in columns if sample.schema[c.name] == pl.String}
    asked = [cells.implode() for cells in wanted.values() if cells is not None]
    found = frame.select(asked).collect() if asked else pl.DataFrame()
    more = {name: found[name].explode().drop_nulls() for name in found.columns}
    return [_with_more(c, sample[c.name], more.get(c.name), hints) for c in columns]


def _telling(column: Column) -> pl.Expr | None:
    """Cells that tell readings apart: all different ones of a time in doubt, of a number those not plain."""
    cells = pl.col(column.name)
    if len(column.readings) > 1 or column.guessed:
        return cells.unique(maintain_order=True)
    if column.kind != "number":
        return None
    plain = cells.str.strip_chars().cast(pl.Float64, strict=False).is_not_null()
    return cells.filter(~plain).unique(maintain_order=True).head(ODD)


def _with_more(column: Column, sample: pl.Series, more: pl.Series | None, hints: Hints) -> Column:
    if more is None or not len(more):
        return column
    whole = column_of(pl.concat([sample, more]), hints)
    return replace(whole, distinct=column.distinct, filled=column.filled, two=column.two)


def column_of(series: pl.Series, hints: Hints) -> Column:
    text = series.to_frame("v").select(as_text(pl.col("v"), series.dtype))["v"].drop_nulls()
    given = hints.format is not None and hints.time in (None, series.name)
    if given and len(text) and readable(text, hints.format or ""):
        return _of_time(series.name, text, ((str(hints.format),),))
    if isinstance(series.dtype, pl.Date | pl.Datetime):
        return _counts(series.name, "time", text)
    perhaps = text.str.to_lowercase().is_in(list(PERHAPS_EMPTY))
    words = tuple(text.filter(perhaps).unique().sort())
    found = _typed(series, text.filter(~perhaps))
    return replace(found, filled=len(text), words=words)


def readable(text: pl.Series, form: str) -> bool:
    """Tell whether every cell reads by a format."""
    return read(text, [form]).null_count() == 0


def _counts(name: str, kind: Kind, text: pl.Series) -> Column:
    counts = text.value_counts(sort=True)
    two = tuple(counts[text.name]) if len(counts) == 2 else ()
    values = tuple(counts[text.name]) if len(counts) <= FEW else ()
    example = text[0] if len(text) else ""
    return Column(name, kind, (), len(counts), len(text), False, False, two, example=example, values=values)


def _typed(series: pl.Series, text: pl.Series) -> Column:
    """The kind of a column, by all of its cells."""
    words = set(text.str.to_lowercase().unique())
    if series.dtype == pl.Boolean or (words <= {*TRUE, *FALSE} and words & {*TRUE} and words & {*FALSE}):
        return _counts(series.name, "truth", text)
    if not len(text):
        return _counts(series.name, "text", text)
    if is_iso(text):
        return _of_time(series.name, text, ())
    mark, guessed = decimal_mark(text)
    eight = mark is not None and bool(text.str.len_chars().is_in([8, 14]).all())
    found = readings(text) if mark is None or eight or not is_plain(text) else ()
    if found:
        return _of_time(series.name, text, found)
    return _counts(series.name, "text", text) if mark is None else _number(series.name, text, mark, guessed)


def _of_time(name: str, text: pl.Series, found: tuple[Reading, ...]) -> Column:
    if not found:
        return _counts(name, "time", text)
    times = read(text, found[0])
    found = (found[0], *(one for one in found[1:] if not read(text, one).equals(times, null_equal=True)))
    base = replace(_counts(name, "time", text), readings=found)
    odd = text.filter(times.is_null())
    apart = text.filter(times != read(text, found[1])) if len(found) > 1 else text
    example = apart[0] if len(apart) else base.example
    return replace(base, odd=odd[0] if len(odd) else None, example=example)


def _number(name: str, text: pl.Series, mark: str, guessed: bool) -> Column:
    number = text.to_frame("v").select(read_number(pl.col("v"), mark))["v"]
    odd = text.filter(number.is_null())
    spoiled = text.str.contains(r"(?i)^\d(?:[.,]\d+)?e\+?\d+$").sum() > len(text) / 2
    start = counted(name, number.drop_nulls())
    since, unit = start or (None, None)
    plain = is_plain(text) and not guessed
    other = text.to_frame("v").select(read_number(pl.col("v"), "." if mark == "," else ","))["v"]
    apart = text.filter(number.ne_missing(other)) if guessed else text
    return replace(
        _counts(name, "time" if start else "number", text),
        example=apart[0],
        decimals=bool((number % 1 != 0).any()),
        negatives=bool((number < 0).any()),
        since=since,
        unit=unit,
        decimal=None if plain or not text.str.contains(r"[^0-9\s+-]|\d\s*-$").any() else mark,
        guessed=guessed,
        odd=odd[0] if len(odd) else None,
        spoiled=bool(spoiled),
    )


def settled(columns: Iterable[Column]) -> list[Column]:
    """Return columns with the decimal mark that other columns of the file show,
    where they show none themselves.
    """
    columns = list(columns)
    shown = {column.decimal for column in columns if column.decimal and not column.guessed}
    usual = shown.pop() if len(shown) == 1 else None
    return [replace(c, decimal=usual or c.decimal) if c.guessed else c for c in columns]
