"""What is taken off a sale in the columns beside it: refunds, and discounts in per cent."""

import re
from dataclasses import replace

import polars as pl

from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import factor, number_of
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.proposal.line_amounts import in_units
from training.sources.proposal.mapping_keys import Cell, CellKeys, Cells, PartKeys, SpreadKeys
from training.sources.proposal.name_patterns import PERCENT, REFUND
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import amount, plain_name, spellings

FEW = 3  # orders of several lines, before their form tells something
ENOUGH = 0.9  # of these orders
REFUNDED = "refund_of_line"  # the field that is made


def with_forms(made: TableProposal) -> TableProposal:
    """Add to purchases what is taken off them: refunds that stand beside the sale, discounts in per cent."""
    is_refund = made.cells.get("kind") == {"value": "return"}
    if made.table != "purchases" or made.preset or is_refund:
        return made
    return _with_refunds(_with_percent(_with_positive(made)))


def _with_positive(made: TableProposal) -> TableProposal:
    """Discounts that are written with a minus (Magento, Square) are taken off, too."""
    cell = made.cells.get("discount_cents", {})
    spread = made.fields.get("line_discount", {}) if cell.get("column") == "line_discount" else cell
    column = made.file.column(spread.get("column"))
    if column is None or not column.negatives:
        return made
    fields = {column.name: number_of(column)} if column.decimal and spread is cell else {}
    name = column.name if spread is cell else "line_discount"
    discount: CellKeys = {"sql": f"ABS({sql.number(name)})"}
    if "times" in cell:
        discount["times"] = cell["times"]
    says = f"{made.file.label}: {column.name} is taken off, although it has a minus"
    return replace(
        made,
        cells=made.cells | {"discount_cents": discount},
        fields=fields | made.fields,
        unsure=[*made.unsure, says],
    )


def _with_percent(made: TableProposal) -> TableProposal:
    column = next((c for c in made.file.columns if c.kind == "number" and _named(c, PERCENT)), None)
    price, pieces = (_column(made, name) for name in ("unit_price_cents", "quantity"))
    if column is None or price is None or "discount_cents" in made.cells:
        return made
    fields = {c.name: number_of(c) for c in (column, price, pieces) if c and c.decimal}
    numbers = [_number(c) for c in (price, pieces) if c is not None]
    share = _number(column) if _is_share(made.file, column) else f"{_number(column)} / 100"
    cell: CellKeys = {"sql": f"ABS({' * '.join(numbers)}) * {share}"}
    cell |= {} if factor(made.file, price) == 1 else {"times": factor(made.file, price)}
    says = f"{made.file.label}: {column.name} is taken as the part of the price that is taken off"
    cells = _in_place(made.cells, {"discount_cents": cell}, price.name if price.decimal else "")
    return replace(made, cells=cells, fields=made.fields | fields, unsure=[*made.unsure, says])


def _in_place(cells: Cells, more: Cells, field: str) -> Cells:
    """Cells of a column that a field has made a number of are not read by a decimal mark once more."""
    is_of_field = {name: bool(field) and cell.get("column") == field for name, cell in cells.items()}
    return {name: _unmarked(cell) if is_of_field[name] else cell for name, cell in cells.items()} | more


def _unmarked(cell: CellKeys) -> CellKeys:
    found = cell.copy()
    found.pop("decimal", None)
    return found


def _number(column: Column) -> str:
    return f'"{column.name}"' if column.decimal else sql.number(column.name)


def _is_share(file: File, column: Column) -> bool:
    """Whether 0.1 stands for a tenth."""
    frame = head(file).select(amount(pl.col(column.name), _type(file, column), column.decimal).max())
    most = frame.item()
    return most is not None and most <= 1


def _type(file: File, column: Column) -> pl.DataType:
    """The type in which a file gives a column."""
    return file.frame().collect_schema()[column.name]


def _with_refunds(made: TableProposal) -> TableProposal:
    """Make returns of what was paid back, split over the lines where it is the order's."""
    column = next((c for c in made.file.columns if c.kind == "number" and _named(c, REFUND)), None)
    order = _column(made, "order_id")
    if column is None or order is None or column.distinct < 2:
        return made
    cell = in_units(made.file, column)
    whole = _is_of_order(made.file, order, column)
    field = {REFUNDED: cell | ({"spread": _spread(made, order)} if whole else {})}
    where = f"{sql.number(REFUNDED)} > 0" + (f" AND {made.where}" if made.where else "")
    kept = {key: value for key, value in made.cells.items() if key in ("order_id", "member_id", "product_id")}
    when = next((c for c in made.file.times if _named(c, REFUND)), None)
    columns: dict[str, Cell] = {"occurred_at": made.cells["occurred_at"], **kept, "kind": {"value": "return"}}
    price: CellKeys = {"column": REFUNDED, "times": 100}
    columns |= {"quantity": {"value": -1}, "unit_price_cents": price}
    part: PartKeys = {"where": where, "columns": columns}
    how = "the order's, split over its lines" if whole else "its line's"
    day = f", although {when.name} may say when" if when is not None else ""
    says = (
        f"{made.file.label}: {column.name} is taken as paid back, {how}; as returns at the time of their "
        f"order, so that features know of a refund some days too early{day}"
    )
    return replace(
        made,
        fields=made.fields | field,
        further=made.further | {"purchases": [part]},
        unsure=[*made.unsure, says],
    )


def _spread(made: TableProposal, order: Column) -> SpreadKeys:
    price, pieces = (_column(made, name) for name in ("unit_price_cents", "quantity"))
    plain = [c for c in (price, pieces) if c is not None and not c.decimal]
    over = " * ".join(_number(c) for c in plain)
    return {"by": order.name, "over": over} if plain and price in plain else {"by": order.name}


def _is_of_order(file: File, order: Column, column: Column) -> bool:
    """Whether all lines of orders of several say the same amount, or only the first says any."""
    if column.name in file.of_orders:
        return True
    frame = head(file)
    kinds = frame.schema
    back = amount(pl.col(column.name), kinds[column.name], column.decimal)
    rows = frame.select(o=as_text(pl.col(order.name), kinds[order.name]), back=back)
    each = rows.group_by("o").agg(
        pl.len(),
        pl.col("back").null_count().alias("no"),
        pl.col("back").n_unique(),
        pl.col("back").max().alias("most"),
    )
    several = each.filter(pl.col("len") > 1, pl.col("most") > 0)
    same = (several["back"] == 1) | (several["no"] == several["len"] - 1)
    return several.height >= FEW and same.sum() >= ENOUGH * several.height


def _column(made: TableProposal, name: str) -> Column | None:
    return made.file.column(made.cells.get(name, {}).get("column"))


def _named(column: Column, pattern: str) -> bool:
    return any(re.fullmatch(pattern, plain_name(name)) for name in spellings(column.name))
