"""What a line is worth where a file has no price of a piece, and which lines are returns by their sign."""

import re
from collections.abc import Iterator
from itertools import combinations, product

import polars as pl

from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import doubts, read_as, to_cents
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.proposal.line_amounts import negative
from training.sources.proposal.mapping_keys import Cells
from training.sources.proposal.name_patterns import GOODS, PAID, RETURNS, SALES, means
from training.sources.reading.money_columns import amount, meaning, plain_name

TIPS, MOST = r"tips?|gratuity|trinkgeld|pourboire|propina|小费", 4  # of what is added to the goods
ENOUGH, CENT = 0.9, 0.005  # of the rows with a discount; rounding


def kind_by_sign(file: File, used: dict[str, str], unsure: list[str]) -> Cells:
    """Take lines of negative quantities as returns, where no column says which lines are."""
    if "kind" in used:
        return {}
    quantity = file.column(used.get("quantity"))
    named = returns_named(file)
    if named is not None and not any(column.negatives for column in file.columns):
        column, words = named
        unsure.append(f"{file.label}: rows whose {column.name} is {', '.join(words)} are taken as returns")
        pieces = quantity if "unit_price_cents" in used else None  # a total is of one piece
        return _returns(sql.among(column.name, words), pieces)
    told = quantity if quantity is not None and quantity.negatives else _signed_total(file, used)
    if told is None:
        return {}
    unsure.append(f"{file.label}: lines with a negative {told.name} are taken as returns")
    back = _returns(negative(told), quantity)
    return {"kind": back["kind"]} if told is quantity else back


def returns_named(file: File) -> tuple[Column, list[str]] | None:
    """Find a column whose words say of each row whether it is a sale or a return, and those of returns."""
    for column in file.columns:
        back = [word for word in column.values if re.fullmatch(RETURNS, plain_name(word))]
        sold = [word for word in column.values if re.fullmatch(SALES, plain_name(word))]
        if back and sold and len(back) + len(sold) == len(column.values):
            return column, back
    return None


def _returns(condition: str, quantity: Column | None) -> Cells:
    """Rows of a condition as returns, their pieces below zero."""
    pieces = sql.marked_number(quantity.name, quantity.decimal) if quantity is not None else "1"
    return {
        "kind": {"sql": f"CASE WHEN {condition} THEN 'return' ELSE 'sale' END"},
        "quantity": {"sql": f"CASE WHEN {condition} THEN -{pieces} ELSE {pieces} END"},
    }


def _signed_total(file: File, used: dict[str, str]) -> Column | None:
    """The total of a line whose sign says what price and pieces do not, as of credit memos among orders."""
    known = [file.column(used.get(name)) for name in ("unit_price_cents", "quantity")]
    if any(column is None or column.negatives for column in known):
        return None
    totals = [c for c in file.columns if c.kind == "number" and c.negatives and c not in known]
    named = [c for c in totals if means(c.name, "line_total") or meaning(c.name) == "total"]
    return next((c for c in named if not means(c.name, "discount_cents")), None)


def is_net(file: File, price: Column, discount: str | None) -> bool:
    """Tell whether another column less the discount is the price, so that the discount is off already."""
    off = file.column(discount)
    if off is None:
        return False
    frame = head(file)
    cells = {
        c.name: amount(pl.col(c.name), frame.schema[c.name], c.decimal)
        for c in file.columns
        if c.kind == "number"
    }
    rows = frame.select(**cells).filter(pl.col(off.name).abs() > 0)
    others = [name for name in cells if name not in (off.name, price.name)]
    less = {name: rows[name].abs() - rows[price.name].abs() for name in others}  # of returns both are below 0
    pieces = file.meaning("quantity")
    # The price of a piece stands beside the total of the line.
    if pieces is not None and pieces.name in others:
        less |= {
            f"{name} times": (rows[name] * rows[pieces.name]).abs() - rows[price.name].abs()
            for name in others
            if name != pieces.name
        }
    fits = [(found - rows[off.name].abs()).abs() < CENT for found in less.values()]
    fits += list(_reached(file, rows, price.name))
    return rows.height > 0 and any(int(one.sum()) >= ENOUGH * rows.height for one in fits)


def _reached(file: File, rows: pl.DataFrame, price: str) -> Iterator[pl.Series]:
    """Yield for each total whether rows reach it with tax, shipping and tips alone, nothing taken off."""
    numbers = [c.name for c in file.columns if c.kind == "number" and c.name != price]
    totals = [name for name in numbers if meaning(name) == "total"]
    added = [
        name
        for name in numbers
        if meaning(name) in ("tax", "shipping") or re.fullmatch(TIPS, plain_name(name))
    ]
    for total, count in product(totals, range(1, len(added) + 1)):
        for some in combinations(added[:MOST], count):
            sums = sum((rows[name].fill_null(0) for name in some), rows[price])
            yield (rows[total] - sums).abs() < CENT


def price_of_total(file: File, used: dict[str, str], unsure: list[str]) -> Cells:
    """Take the total of a line as the price of its one piece; what is unsure is added."""
    numbers = [c for c in file.columns if c.kind == "number"]
    totals = [c for c in numbers if means(c.name, "line_total") or meaning(c.name) == "total"]
    totals = [c for c in totals if meaning(c.name) not in ("tax", "shipping")]
    goods = [c for c in totals if re.search(GOODS, plain_name(c.name))]
    totals = [*goods, *(c for c in totals if c not in goods)]
    found = next((c for c in totals if re.search(PAID, plain_name(c.name))), totals[0] if totals else None)
    if found is None:
        return {}
    others = [c.name for c in totals if c.name != found.name]
    but = f", not {others}" if others else ""
    unsure.append(f"{file.label}: {found.name} is taken as the price of a line of one piece{but}")
    unsure += [f"{file.label}: {found.name} {doubt}" for doubt in doubts(found, "unit_price_cents")]
    extras = [c.name for c in numbers if meaning(c.name) in ("tax", "shipping")]
    if extras and found not in goods:
        told = " and ".join(extras)
        unsure.append(f"{file.label}: {found.name} may have {told} in it; take them off in a field if it has")
    price = read_as(found, "unit_price_cents") | to_cents(file, found, unsure)
    if is_net(file, found, used.get("discount_cents")):
        off = used.pop("discount_cents")
        unsure.append(f"{file.label}: {found.name} is after {off}, which is not taken off once more")
    quantity = file.column(used.get("quantity"))
    if found.negatives:  # the amounts say what was given back
        used.pop("quantity", None)
    elif quantity is not None and quantity.negatives:
        back = f"CASE WHEN {negative(quantity)} THEN -1 ELSE 1 END"
        return {"unit_price_cents": price, "quantity": {"sql": back}}
    return {"unit_price_cents": price, "quantity": {"value": 1}}
