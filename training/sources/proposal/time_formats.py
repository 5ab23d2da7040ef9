"""In which ways a column of texts or numbers can be read as times, decided by all of its cells."""

import re
from collections.abc import Sequence

import polars as pl

from training.sources.reading.cell_types import NAIVE, ZONED
from training.sources.reading.money_columns import plain_name
from training.sources.reading.signs import half_width, written_in

DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y",
    "%b %d, %Y", "%B %d, %Y", "%b-%d-%y", "%b-%d-%Y", "%d %B %Y", "%Y年%m月%d日", "%Y-%m-%d", "%d. %m. %Y",
)  # fmt: skip
CLOCKS = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", ", %H:%M",
    ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p", "T%H:%M", "T%H:%M:%S", "%H%M%S", " %H%M",
    " %Hh%M", " à %Hh%M", " %H时%M分", " %H时%M分%S秒", " %H時%M分", " %H時%M分%S秒", " %H:%M:%S %z",
    " %H:%M:%S UTC", " %H:%M:%S%.f UTC",
)  # fmt: skip
YEARS = (1900, 2100)
ENOUGH = 0.95  # of the cells of a column must read for it to be one of times
FEW = 200  # cells by which formats are tried that may not fit at all
DATED = r"\d{8}|\d\D+\d"  # every format has a day and a year at least, in figures
Reading = tuple[str, ...]  # formats that read a column together, none for ISO
NAMED = re.compile(
    r"(?i).*(date|time|datum|zeit|fecha|hora|heure|tstamp|created|updated|_at$|_on$|_ts$|^ts$|^at$|when"
    r"|timestamp|日期|时间).*"
)
EPOCH = "1970-01-01T00:00:00Z"
# Counts of whole units since 1970 that lie between 2001 and 2033, and serial days between 1954 and 2064.
COUNTED = {
    "seconds": (1_000_000_000, 2_000_000_000, EPOCH),
    "milliseconds": (1_000_000_000_000, 2_000_000_000_000, EPOCH),
    "microseconds": (1_000_000_000_000_000, 2_000_000_000_000_000, EPOCH),
    "days": (20_000, 60_000, "1899-12-30"),
}


def counted(name: str, numbers: pl.Series) -> tuple[str, str] | None:
    """Return start and unit of numbers that count time, as the column's name and their size say."""
    if not (NAMED.fullmatch(name) or NAMED.fullmatch(plain_name(name))) or re.search(
        r"(?i)(duration|days$|minutes$|_id$|number)", name
    ):
        return None
    for unit, (low, high, since) in COUNTED.items():
        if numbers.is_between(low, high).sum() >= ENOUGH * len(numbers):
            return since, unit
    return None


def is_iso(text: pl.Series) -> bool:
    """Tell whether nearly all cells are ISO times, with or without a clock or a zone."""
    iso = text.str.replace(" ", "T", literal=True)
    reads = [_reads(iso, form) for form in (*NAIVE, ZONED)]
    return _enough(_any(reads, len(text)), text)


def readings(text: pl.Series) -> tuple[Reading, ...]:
    """Return formats that read the most cells, the likeliest first; none where too few cells are times.

    A reading is one order of day, month and year with as many clocks as the column has. Several are left
    only where no cell tells them apart; then the one by which the rows stand in order of time comes first.
    """
    text = text.to_frame("v").select(half_width(pl.col("v"))).to_series()
    values = text.unique(maintain_order=True)
    if not _enough(values.str.contains(DATED), values):
        return ()
    days = [day for day in DAYS if any(_reads(values.head(FEW), f"{day}{clock}").any() for clock in CLOCKS)]
    late = [day for day in DAYS if day not in days and _reads(values.tail(FEW), day).any()]
    found = {day: _with_clocks(values, day) for day in [*days, *late]}
    most = max((count for _, count in found.values()), default=0)
    if most == 0 or most < ENOUGH * len(values):
        return ()
    best = [formats for formats, count in found.values() if count == most]
    return tuple(sorted(best, key=lambda formats: -_in_order(text, formats)))


def read(text: pl.Series, formats: Sequence[str]) -> pl.Series:
    """Return times without a zone by the first format that reads each cell, else null."""
    return text.to_frame("v").select(pl.coalesce(_parsed(form) for form in formats).alias("v")).to_series()


def _parsed(form: str) -> pl.Expr:
    zoned = "%z" in form or form == ZONED
    kind = pl.Datetime("us", "UTC") if zoned else pl.Datetime("us")
    return written_in(pl.col("v"), form).str.strptime(kind, form, strict=False).dt.replace_time_zone(None)


def _reads(text: pl.Series, form: str) -> pl.Series:
    return read(text, [form]).dt.year().is_between(*YEARS).fill_null(False)


def _with_clocks(values: pl.Series, day: str) -> tuple[Reading, int]:
    """The formats of one order of day and month that add a cell each, and how many cells they read."""
    formats: list[str] = []
    there = pl.Series([False] * len(values), dtype=pl.Boolean)
    for clock in CLOCKS:
        more = there | _reads(values, f"{day}{clock}")
        if more.sum() > there.sum():
            formats, there = [*formats, f"{day}{clock}"], more
    return tuple(formats), int(there.sum())


def _in_order(text: pl.Series, formats: Reading) -> float:
    """Return the share of neighbouring rows that do not go back in time."""
    steps = read(text, formats).diff().drop_nulls().dt.total_seconds()
    return float((steps >= 0).sum()) / len(steps) if len(steps) else 0.0


def _any(reads: list[pl.Series], size: int) -> pl.Series:
    there = pl.Series([False] * size, dtype=pl.Boolean)
    for one in reads:
        there = there | one
    return there


def _enough(reads: pl.Series, text: pl.Series) -> bool:
    return len(text) > 0 and int(reads.sum()) >= ENOUGH * len(text)
