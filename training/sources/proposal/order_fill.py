"""Orders whose customer, time and state stand on their first line only."""

from dataclasses import replace

import polars as pl

from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.proposal.mapping_keys import FillDownKeys
from training.sources.proposal.name_patterns import means
from training.sources.reading.cell_types import as_text

FEW = 3  # orders of several lines, before their form tells something
ENOUGH = 0.9  # of these orders
GOODS = ("product_id", "quantity")


def filled_down(file: File) -> File:
    """Fill what stands on the first line of orders only, where a file's orders are written so."""
    ids = [column for column in file.columns if means(column.name, "order_id")]
    order = next((column for column in ids if not column.is_unique or column.filled < file.rows), None)
    if order is None or "fill_down" in file.written:
        return file
    if order.filled < file.rows:
        return _with_numbers(file, order)
    sparse = [
        c
        for c in file.columns
        if 0 < c.filled < file.rows and (c.kind != "number" or means(c.name, "member_id"))
    ]
    names = _on_first_lines(file, order, sparse)
    if not any(c.kind == "time" or means(c.name, "member_id") for c in sparse if c.name in names):
        return file
    columns = tuple(replace(c, filled=file.rows) if c.name in names else c for c in file.columns)
    return replace(
        file, columns=columns, written=file.written | {"fill_down": {"by": order.name, "columns": names}}
    )


def _with_numbers(file: File, order: Column) -> File:
    """Fill the number of an order, too, where rows without one go on with the products of the one above."""
    frame = head(file)
    there = {c.name: as_text(pl.col(c.name), frame.schema[c.name]).is_not_null() for c in file.columns}
    rows = frame.select(**there)
    further = rows.filter(~pl.col(order.name))
    first = rows.filter(pl.col(order.name))
    if not first.height or not rows[order.name][0] or further.height < FEW:
        return file
    names = [c.name for c in file.columns if first[c.name].any() and not further[c.name].any()]
    goods = [c.name for c in file.columns if any(means(c.name, name) for name in GOODS)]
    known = [file.column(name) for name in names]
    tells = any(c and (c.kind == "time" or means(c.name, "member_id")) for c in known)
    if not tells or not goods or not all(further[name].all() for name in goods):
        return file
    columns = tuple(replace(c, filled=file.rows) if c.name in names else c for c in file.columns)
    rule: FillDownKeys = {"by": order.name, "columns": names}
    return replace(file, columns=columns, written=file.written | {"fill_down": rule})


def _on_first_lines(file: File, order: Column, sparse: list[Column]) -> list[str]:
    """Columns that have a cell on the first line of nearly every order, and none on its others."""
    frame = head(file)
    there = {c.name: as_text(pl.col(c.name), frame.schema[c.name]).is_not_null() for c in sparse}
    rows = frame.select(as_text(pl.col(order.name), frame.schema[order.name]).alias("_order"), **there)
    form = [(pl.col(c.name).first() & (pl.col(c.name).sum() == 1)).alias(c.name) for c in sparse]
    each = rows.group_by("_order", maintain_order=True).agg(pl.len().alias("_lines"), *form)
    several = each.filter(pl.col("_lines") > 1)
    if several.height < FEW:
        return []
    return [c.name for c in sparse if several[c.name].sum() >= ENOUGH * several.height]


def said(file: File) -> list[str]:
    """Say what is filled down in a file."""
    rule = file.written.get("fill_down")
    if rule is None:
        return []
    names = ", ".join(rule["columns"])
    return [
        f"{file.label}: {names} stand on the first line of each {rule['by']} only, and hold for its others"
    ]
