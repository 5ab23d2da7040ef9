"""What prices, discounts and totals of orders mean: of a piece, of a line or of an order, by what adds up."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from training.sources.judging.order_totals import (
    CLEARLY,
    ENOUGH,
    FEW,
    Sum,
    amount,
    best,
    by_order,
    of_order,
    sums,
    worth,
)
from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import factor, number_of, whole_number
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.proposal.mapping_keys import CellKeys, Cells, SpreadKeys
from training.sources.reading.cell_types import as_text
from training.sources.reading.files import ROW
from training.sources.reading.money_columns import amount as read_amount
from training.sources.reading.money_columns import meaning
from training.sources.reading.money_units import CENTS


@dataclass
class Amounts:
    """How the amounts of a file of purchases are to be read.

    Parameters
    ----------
    cells, fields
        Cells of the contract that differ, and further columns of the source for them.
    unsure
        What was decided, for a human to look at.
    """

    file: File
    cells: Cells = field(default_factory=dict)
    fields: Cells = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        """Add a doubt."""
        self.unsure.append(f"{self.file.label}: {sentence}")

    def order(self, cells: Cells) -> str | None:
        """Return what the lines of an order share: its id, or the row that they stood in."""
        name = cells.get("order_id", {}).get("column")
        return name if name != ROW or "lines" in self.file.written else None

    def column(self, cell: CellKeys | None) -> Column | None:
        """Return the file's column of a cell."""
        return self.file.column(cell.get("column")) if cell else None


def adjusted(file: File, cells: Cells) -> Amounts:
    """Say what of a guess is to be changed so that lines add up to their orders' totals."""
    made = Amounts(file)
    price = made.column(cells.get("unit_price_cents"))
    is_of_pieces = made.column(cells.get("quantity")) is not None
    has_total = any(meaning(c.name) == "total" for c in file.columns)
    if price is None or (is_of_pieces and not has_total and not file.of_orders):
        return made  # there is nothing to hold the price against
    orders, totals, extras = _orders(made, cells)
    if not is_of_pieces:
        _price_of_an_order(made, cells, price, orders)
    else:
        _price_of_a_line(made, cells, price, orders, sums(orders, totals, extras))
    _discount_of_an_order(made, cells, orders, sums(orders, totals, extras))
    return made


def _orders(made: Amounts, cells: Cells) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Sums of the orders at the head of the file, and which of its columns are totals, taxes and shipping."""
    taken = {cell.get("column") for cell in cells.values()}
    numbers = [c for c in made.file.columns if c.kind == "number"]
    beside = {c.name: meaning(c.name) for c in numbers if c.name not in taken}
    totals = [name for name, key in beside.items() if key == "total"]
    extras = [name for name, key in beside.items() if key in ("tax", "shipping")]
    named = {name: made.column(cells.get(key)) for name, key in _LINE.items()}
    lines = _lines(made.file, named, made.column(cells.get("order_id")), [*totals, *extras])
    return by_order(lines, [*totals, *extras, "price"]), totals, extras


_LINE = {"quantity": "quantity", "price": "unit_price_cents", "discount": "discount_cents"}


def _lines(
    file: File, named: dict[str, Column | None], order: Column | None, more: list[str]
) -> pl.DataFrame:
    columns = {**{name: column for name, column in named.items() if column}, **_by_name(file, more)}
    frame = head(file)
    kinds = frame.schema
    usual = {"quantity": pl.lit(1.0), "price": pl.lit(0.0), "discount": pl.lit(0.0)}
    numbers = {
        name: read_amount(pl.col(c.name), kinds[c.name], c.decimal)
        * (1 if name == "quantity" else factor(file, c))
        for name, c in columns.items()
    }
    key = as_text(pl.col(order.name), kinds[order.name]) if order else pl.int_range(pl.len()).cast(pl.String)
    if "discount" in numbers:
        numbers["discount"] = numbers["discount"].abs()  # some write it with a minus
    lines = frame.select(order=key, **{**usual, **numbers}).filter(pl.col("order").is_not_null())
    return lines.filter(~(pl.col("quantity") <= 0).any().over("order"))


def _by_name(file: File, names: Iterable[str]) -> dict[str, Column]:
    return {column.name: column for column in file.columns if column.name in names}


def _price_of_a_line(
    made: Amounts, cells: Cells, price: Column, orders: pl.DataFrame, found: list[Sum]
) -> None:
    """Take the price as its line's where that adds up to the total of the order and the other does not."""
    pieces = cells["quantity"].get("column")
    piece, line = (best(found, each, ("lines", "once", "none")) for each in (True, False))
    if piece is None or line is None:
        return
    if line.share >= ENOUGH and line.share > piece.share + CLEARLY:
        made.say(
            f"{price.name} is taken as the total of its line, and its pieces as one: prices alone add up to "
            f"{line.total} in {line.fits:,} of {line.orders:,} orders, times {pieces} in "
            f"{piece.fits:,}{_example(orders, line)}"
        )
        whole_line(made, cells, price)
    elif piece.share < ENOUGH:
        made.say(
            f"{price.name} times {pieces} adds up to {piece.total} in only {piece.fits:,} "
            f"of {piece.orders:,} orders, alone in {line.fits:,}{_example(orders, piece)}; say what it means"
        )
    elif piece.extras:
        made.say(
            f"{piece.total} has {' and '.join(piece.extras)} beside the lines; prices are taken without, so "
            "that revenue is that of the goods"
        )


def _example(orders: pl.DataFrame, taken: Sum) -> str:
    """One order whose two readings differ."""
    by = {each: worth(each, taken.discount) for each in (True, False)}
    table = orders.select(piece=by[True], line=by[False], total=amount(orders, taken.total))
    apart = table.filter(pl.col("total") > 0, (pl.col("piece") - pl.col("line")).abs() > 1).head(1)
    if not apart.height:
        return ""
    piece, line, total = apart.row(0)
    return f" (one order: {piece / 100:,.2f} or {line / 100:,.2f}, the total is {total / 100:,.2f})"


def whole_line(made: Amounts, cells: Cells, price: Column) -> None:
    """Read a price as that of a line of one piece; a negative one is a return."""
    quantity = made.column(cells.get("quantity"))
    source = price if price.negatives else quantity
    if source is None or not source.negatives:
        made.cells["quantity"] = {"value": 1}
        return
    if price.decimal:  # numbers written for people are no numbers to SQL, until a field has made them so
        made.fields[price.name] = number_of(price)
    value = f'"{price.name}"' if price.decimal else sql.number(price.name)
    back = negative(source) if source is not price else f"{value} < 0"
    made.cells["kind"] = {"sql": f"CASE WHEN {back} THEN 'return' ELSE 'sale' END"}
    made.cells["quantity"] = {"sql": f"CASE WHEN {back} THEN -1 ELSE 1 END"}
    made.cells["unit_price_cents"] = {"sql": f"ABS({value})", "times": whole_number(factor(made.file, price))}
    made.say(f"lines with a negative {source.name} are taken as returns")


def negative(column: Column) -> str:
    """Ask in SQL whether a number is below zero; to SQL those written for people are texts with a minus."""
    if not column.decimal:
        return f"{sql.number(column.name)} < 0"
    return " OR ".join(f"TRIM(\"{column.name}\") LIKE '{form}'" for form in ("-%", "%-", "(%)"))


def _price_of_an_order(made: Amounts, cells: Cells, price: Column, orders: pl.DataFrame) -> None:
    """Split what stands as the price of each line, but is the order's, over its lines."""
    order = made.order(cells)
    several = orders.filter((pl.col("lines") > 1) & (pl.col("max:price") > 0)).height
    is_told = price.name in made.file.of_orders
    if order is None or not (is_told or (several >= FEW and of_order(orders, "price"))):
        if price.negatives and "kind" not in cells:
            whole_line(made, cells, price)
        return
    pieces = made.file.meaning("quantity")
    over = sql.number(pieces.name) if pieces and not pieces.decimal else None
    made.fields["line_amount"] = _spread(made.file, price, order, over)
    made.cells["unit_price_cents"] = {"column": "line_amount", "times": 100}
    made.say(
        f"{price.name} is the same on all lines of {several:,} orders: it is taken as the order's and split "
        "over its lines"
    )


def _spread(file: File, column: Column, order: str, over: str | None = None) -> CellKeys:
    weight: SpreadKeys = {"over": over} if over else {}
    return in_units(file, column) | {"spread": {"by": order, **weight}}


def in_units(file: File, column: Column) -> CellKeys:
    """Make an amount of a column in whole money units, so that a part of it is still one of cents."""
    if factor(file, column) != CENTS and not column.decimal:
        return {"sql": f"{sql.number(column.name)} * {factor(file, column) / CENTS:g}"}
    return number_of(column)


def _discount_of_an_order(made: Amounts, cells: Cells, orders: pl.DataFrame, found: list[Sum]) -> None:
    """Split a discount that is the order's, and stands on each of its lines, over them."""
    discount, order = made.column(cells.get("discount_cents")), made.order(cells)
    once, lines = (best(found, True, (each,)) for each in ("once", "lines"))
    if discount is None or order is None:
        return
    why = ""
    if once and lines and once.share >= ENOUGH and once.share > lines.share + CLEARLY:
        why = (
            f": so {once.total} is reached in {once.fits:,} of {once.orders:,} orders, line by line in "
            f"{lines.fits:,}"
        )
    if why or discount.name in made.file.of_orders:
        made.fields["line_discount"] = _spread(made.file, discount, order, _worth(made, cells))
        made.cells["discount_cents"] = cells["discount_cents"] | {"column": "line_discount", "times": 100}
        made.cells["discount_cents"].pop("decimal", None)
        made.say(f"{discount.name} is taken as the order's and split over its lines{why}")


def _worth(made: Amounts, cells: Cells) -> str | None:
    """The price of a line in SQL, where it is a number to SQL."""
    told = [made.column(cells.get(name)) for name in ("unit_price_cents", "quantity")]
    plain = [column for column in told if column is not None and not column.decimal]
    return " * ".join(sql.number(column.name) for column in plain) if len(plain) == len(told) else None
