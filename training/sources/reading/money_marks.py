"""Marks of rows: what columns beside a price tell of its amount, so that it is judged by them.

A mapping need not take these columns.
"""

from collections.abc import Iterable, Iterator

import polars as pl

from training.sources.mapping.cell_spec import Cell
from training.sources.mapping.mapping_file import Part
from training.sources.mapping.source_spec import Source
from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import Meaning, amount, is_in_cents, meaning
from training.sources.reading.money_units import CENTS, is_money_object, unit_of
from training.sources.source_rows import BESIDE

LOOKED_AT = 20_000  # rows by which the unit of an amount is told
SIGN = (
    r"([¥￥$€£₹₩₽฿₺]|\b(?:EUR|USD|GBP|CHF|CNY|JPY|INR|SEK|NOK|DKK|PLN|CZK|BRL|AUD|CAD|HKD|TWD|KRW|SGD|MXN)\b)"
)


def marks(part: Part, source: Source, frame: pl.LazyFrame) -> Iterator[pl.Expr]:
    """Make marks of the columns that tell of a part's amounts; see ``named_mark``.

    Parameters
    ----------
    frame
        The part's rows, in its source's columns.
    """
    price = part.columns.get("unit_price_cents")
    if price is None:
        return
    taken = {cell.column for cell in part.columns.values() if cell.column}
    kinds = frame.collect_schema()
    yield from _signs(part, price, kinds)
    spread = {name for name, cell in source.fields.items() if cell.spread}  # a line's share is no total
    for name, key in _telling(kinds.names(), taken | spread):
        if key == "currency":
            # A price made by SQL, or in a further field, may have been brought to one currency there.
            if price.column and price.column not in source.fields:
                yield as_text(pl.col(name), kinds[name]).alias(f"{BESIDE}{part.source}:{key}:{name}")
        elif kinds[name].is_numeric() or kinds[name] == pl.String:
            cents = amount(pl.col(name), kinds[name], price.decimal) * _factor(name, price, source, frame)
            yield cents.alias(f"{BESIDE}{part.source}:{key}:{name}")


def _signs(part: Part, price: Cell, kinds: pl.Schema) -> Iterator[pl.Expr]:
    """Make a mark of the currency signs in the cells of a price that is written for people."""
    name = price.column
    if name is not None and price.decimal and kinds.get(name) == pl.String:
        sign = pl.col(name).str.extract(SIGN)
        yield sign.str.replace("￥", "¥").alias(f"{BESIDE}{part.source}:currency:{name}")


def _factor(name: str, price: Cell, source: Source, frame: pl.LazyFrame) -> float:
    """By what an amount beside a price becomes cents: as its money object says, else as the price."""
    if is_money_object(name, frame.collect_schema().names(), source.is_typed):
        told = unit_of(name, frame.head(LOOKED_AT).collect()).times
        return told or price.times or 1
    return price.times or (CENTS if price.column and is_in_cents(price.column) else 1)


def _telling(names: Iterable[str], taken: set[str]) -> Iterator[tuple[str, Meaning]]:
    for name in names:
        key = meaning(name)
        if key is not None and name not in taken:
            yield name, key


def named_mark(mark: str) -> tuple[str, str, str]:
    """Return the source, meaning and column of a mark."""
    source, key, name = mark.removeprefix(BESIDE).split(":", 2)
    return source, key, name
