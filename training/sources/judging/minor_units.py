"""Amounts of money objects whose unit nothing tells, or that are taken otherwise than it is told."""

from collections.abc import Iterator
from pathlib import Path

from training.sources.judging.findings import Finding
from training.sources.mapping.mapping_file import Mapping
from training.sources.mapping.source_spec import Source
from training.sources.reading.money_marks import LOOKED_AT
from training.sources.reading.money_units import CENTS, is_money_object, unit_of
from training.sources.reading.table_reader import opened

AMOUNTS = ("unit_price_cents", "discount_cents")


def minor_units(mapping: Mapping, root: Path) -> Iterator[Finding]:
    """Yield amounts of purchases that may be a hundred times too high or too low.

    Raises
    ------
    FileNotFoundError, ValueError
        A source that cannot be read.
    """
    for part in mapping.tables.get("purchases", ()):
        source = mapping.sources[part.source]
        for cell in (part.columns[name] for name in AMOUNTS if name in part.columns):
            origin = _origin(cell.column, source)
            if origin is not None:
                yield from _doubted(mapping, root, part.source, origin, cell.times or 1)


def _origin(column: str | None, source: Source) -> str | None:
    """The column of the file that a cell is made of, unless SQL has changed its amounts."""
    while column in source.fields:
        column = source.fields[column].column
    return column


def _doubted(mapping: Mapping, root: Path, name: str, column: str, times: float) -> Iterator[Finding]:
    frame = opened(mapping, root, name)
    if not is_money_object(column, frame.collect_schema().names(), mapping.sources[name].is_typed):
        return
    unit = unit_of(column, frame.head(LOOKED_AT).collect())
    if unit.times is None and times == CENTS:
        says = f"{column} of {name} has {unit.why} whether 1250 is 1,250.00 or 12.50; it is taken as 1,250.00"
        advice = "Say `times: 1` in its cell if amounts are in the smallest unit"
        yield Finding("purchases", "minor_units", says, advice)
    elif unit.times is not None and times != unit.times:
        says = f"{column} of {name} is taken times {times:g}, but that is wrong: {unit.why}"
        yield Finding("purchases", "minor_units", says, f"Say `times: {unit.times:g}` in its cell")
