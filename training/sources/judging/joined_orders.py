"""Orders in several files: lines whose order is not there, orders that no line names, and their money."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from training.sources.judging.findings import Finding
from training.sources.mapping.mapping_file import Mapping
from training.sources.mapping.source_spec import Join
from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import amount, meaning
from training.sources.reading.reexports import newest_only
from training.sources.reading.sql import expression
from training.sources.reading.table_reader import opened

MANY = 0.05  # of the lines, or of the orders' money
KEY = "_key"


def unmet(mapping: Mapping, root: Path) -> Iterator[Finding]:
    """Yield what the joins of a mapping's sources do not bring together.

    Raises
    ------
    FileNotFoundError, ValueError
        A source that cannot be read.
    """
    for table, parts in mapping.tables.items():
        for source in dict.fromkeys(part.source for part in parts):
            for join in mapping.sources[source].join:
                if join.sum or join.last:
                    yield from _untold(mapping, root, table, source, join)
                elif join.latest is None:
                    yield from _unmet(mapping, root, table, source, join)


def _untold(mapping: Mapping, root: Path, table: str, source: str, join: Join) -> Iterator[Finding]:
    """Rows that tell of orders later, as refunds do, of which the orders are not there."""
    told = opened(mapping, root, join.source)
    told = told.filter(expression(join.where, told, join.source, join.source)) if join.where else told
    mine, theirs = _keys(opened(mapping, root, source), [*join.on]), _keys(told, [*join.on.values()])
    rows = theirs.collect()
    lost = rows.join(mine.collect(), on=KEY, how="anti").height
    if lost:
        says = f"{lost:,} of {rows.height:,} rows of {join.source} name an order that is not in {source}"
        advice = "What they tell of it (money paid back, a state) is lost; export both for the same time"
        yield Finding(table, "unmet", says, advice, stops=bool(join.sum) and lost > MANY * rows.height)


def _unmet(mapping: Mapping, root: Path, table: str, source: str, join: Join) -> Iterator[Finding]:
    heads = newest_only(opened(mapping, root, join.source), mapping, join.source)
    mine, theirs = _keys(opened(mapping, root, source), [*join.on]), _keys(heads, [*join.on.values()])
    lines = mine.collect()
    lost = lines.join(theirs.collect(), on=KEY, how="anti").height
    if lost:
        says = f"{lost:,} of {lines.height:,} rows of {source} name a row of {join.source} that is not there"
        advice = f"They have nothing of what {join.source} says; export both for the same time"
        yield Finding(table, "unmet", says, advice, stops=lost > MANY * lines.height)
    if table == "purchases":
        yield from _without_lines(heads, theirs, lines, join, source)


def _without_lines(
    heads: pl.LazyFrame, keys: pl.LazyFrame, lines: pl.DataFrame, join: Join, source: str
) -> Iterator[Finding]:
    """Orders with a total that no line names: their money is in no purchase."""
    kinds = heads.collect_schema()
    total = next((name for name in kinds.names() if meaning(name) == "total"), None)
    if total is None:
        return
    frame = pl.concat([heads.select(worth=amount(pl.col(total), kinds[total], None)), keys], how="horizontal")
    orders = frame.collect()
    left = orders.join(lines, on=KEY, how="anti")
    if not left.height:
        return
    gone, whole = left["worth"].sum(), orders["worth"].sum()
    says = (
        f"{left.height:,} of {orders.height:,} orders of {join.source} have no line in {source}: {gone:,.2f} "
        f"of {whole:,.2f} ({total}) are in no purchase"
    )
    advice = "Export the lines of all orders; those without lines are not counted"
    yield Finding("purchases", "unmet", says, advice, stops=gone > MANY * whole)


def _keys(frame: pl.LazyFrame, columns: list[str]) -> pl.LazyFrame:
    kinds = frame.collect_schema()
    return frame.select(
        pl.concat_str([as_text(pl.col(c), kinds[c]) for c in columns], separator="\x1f").alias(KEY)
    )
