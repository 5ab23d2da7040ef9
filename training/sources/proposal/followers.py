"""Files that tell later what became of orders, and not whose they are: refunds, logs of states."""

import re
from dataclasses import dataclass, field, replace

from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import factor, read_as
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import Beside, File, head
from training.sources.proposal.mapping_keys import Cell, CellKeys, JoinRule, PartKeys, full
from training.sources.proposal.name_patterns import REFUNDS, comes_to_nothing, means
from training.sources.proposal.own_keys import shared, values
from training.sources.proposal.presets import Refunds, preset_of
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.money_columns import meaning

KNOWN = 0.5  # of the orders that are told of are among the purchases
AMOUNT, TIME, STATE = "refund_sum", "refund_time", "newest_state"  # columns that the join makes
OF_LINE = "refund_of_line"
OF_SALE: tuple[str, ...] = ("order_id", "member_id", "product_id", "channel")  # what a return keeps


@dataclass(frozen=True)
class Followed:
    """Guesses with what was told of their orders later.

    Parameters
    ----------
    used
        Files that are joined, and are no tables of their own.
    said
        What was decided.
    """

    guesses: list[TableProposal]
    unplaced: list[File]
    used: list[File] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """What a file tells of orders: by which columns, and in which of its rows."""

    file: File
    order: Column
    product: Column | None
    amount: Column | None
    state: Column | None
    time: Column | None
    where: str | None = None


def with_followers(tried: list[tuple[File, TableProposal | None]]) -> Followed:
    """Join refunds and states to the orders that they name."""
    made = Followed([one for _, one in tried if one], [])
    for file in (file for file, guess in tried if guess is None):
        told = _told(file)
        at = next((n for n, one in enumerate(made.guesses) if told and _names(told, one)), None)
        if told is None or at is None:
            made.unplaced.append(file)
            continue
        made.guesses[at] = _joined(made.guesses[at], told)
        made.used.append(file)
        made.said.append(_said(told, made.guesses[at].file.label))
    return made


def unread_of(files: list[File], guesses: list[TableProposal]) -> dict[str, str]:
    """Say of files that no table takes what they tell of purchases, which are wrong without it."""
    if not any(made.table == "purchases" for made in guesses):
        return {}
    return {
        file.label: "looks like refunds, which are NOT taken off: it names no order of the purchases"
        for file in files
        if re.search(REFUNDS, file.path.name.lower())
    }


def _told(file: File) -> Told | None:
    """How a file tells of orders; ``None`` where it tells of none, or whose they are."""
    preset = preset_of(file) if file.hints.presets else None
    if preset is not None:
        return _of_preset(file, preset.refunds) if preset.refunds else None
    order = file.meaning("order_id")
    if order is None or file.meaning("member_id"):
        return None
    amounts = [c for c in file.columns if c.kind == "number" and _is_amount(c)]
    time, product = next(iter(file.times), None), file.meaning("product_id")
    if amounts and re.search(REFUNDS, file.path.name.lower()):
        return Told(file, order, product, amounts[0], None, time)
    state = next((c for c in file.columns if any(map(comes_to_nothing, c.values))), None)
    is_log = state is not None and not amounts and time is not None
    return Told(file, order, None, None, state, time) if is_log else None


def _of_preset(file: File, named: Refunds) -> Told:
    told = {c.name: c for c in file.columns}
    order, amount = told[named["order"]], told[named["amount"]]
    return Told(
        file, order, told.get(named.get("product", "")), amount, None, told[named["time"]], named.get("where")
    )


def _is_amount(column: Column) -> bool:
    return means(column.name, "line_total") or meaning(column.name) == "total"


def _sale(made: TableProposal) -> PartKeys | None:
    """The cells of a guess that sells something."""
    if made.table != "purchases" or made.cells.get("kind") == {"value": "return"}:
        return None
    parts = made.preset.parts("", made.file)["purchases"] if made.preset else []
    where: PartKeys = {"where": made.where} if made.where else {}
    return parts[0] if parts else {"columns": {**made.cells}, **where}


def _column(part: PartKeys, name: str) -> str | None:
    return full(part["columns"].get(name, {})).get("column")


def _names(told: Told, made: TableProposal) -> bool:
    """Whether a file tells of the orders of a guess."""
    part = _sale(made)
    order = _column(part, "order_id") if part else None
    there = {column.name for column in made.file.columns}
    if order is None or order not in there or (told.state and made.preset):
        return False
    mine, theirs = values(told.file, told.order.name, {}), values(made.file, order, {})
    return len(mine) > 0 and shared(mine, theirs) >= KNOWN * len(mine)


def _joined(made: TableProposal, told: Told) -> TableProposal:
    part = _sale(made) or {}
    order = str(_column(part, "order_id"))
    on = {order: told.order.name}
    by: JoinRule = {"by": read_as(told.time, "occurred_at")} if told.time else {}
    if told.state is not None:
        beside = Beside(told.file, on, "state", {}, {"last": {STATE: told.state.name}, **by})
        return _without_void(replace(made, file=_with(made.file, beside)), told.state)
    product = _line_of(made, told, part, order)
    on |= {product: told.product.name} if product and told.product else {}
    rule: JoinRule = {
        "sum": {AMOUNT: _amount(told)},
        **({"last": {TIME: told.time.name}, **by} if told.time else {}),
    }
    rule |= {"where": told.where} if told.where else {}
    file = _with(made.file, Beside(told.file, on, "refund", {}, rule))
    spread: CellKeys = {} if product else {"spread": {"by": order, "over": _weight(part, made)}}
    fields = made.fields | {OF_LINE: {"sql": f"ABS({AMOUNT})", **spread}}
    return replace(
        made, file=file, fields=fields, further=made.further | {"purchases": [_returns(part, told)]}
    )


def _with(file: File, beside: Beside) -> File:
    return replace(file, beside=(*file.beside, beside))


def _amount(told: Told) -> CellKeys:
    """A refund in whole money units."""
    column = told.amount
    assert column is not None
    times = factor(told.file, column) / 100
    scaled: CellKeys = {"times": times} if times != 1 else {}
    return read_as(column, "unit_price_cents") | scaled


def _line_of(made: TableProposal, told: Told, part: PartKeys, order: str) -> str | None:
    """The column by which a refund names the line of an order, where each line is told by it."""
    product = _column(part, "product_id")
    if told.product is None or product is None or told.product.filled < told.file.rows:
        return None
    frame = head(made.file)
    if product not in frame.columns or frame.select(order, product).is_duplicated().any():
        return None
    return product


def _weight(part: PartKeys, made: TableProposal) -> str:
    """What a line is worth, in SQL; pieces, or each line as much, where its price is no plain number."""
    plain = {c.name for c in made.file.columns if c.kind == "number" and not c.decimal}
    named = [_column(part, name) for name in ("unit_price_cents", "quantity")]
    found = [sql.number(name) for name in named if name in plain]
    return " * ".join(found) or "1"


def _returns(part: PartKeys, told: Told) -> PartKeys:
    cells = part["columns"]
    kept = {name: cells[name] for name in OF_SALE if name in cells}
    joined: CellKeys = {"column": TIME}
    time = read_as(told.time, "occurred_at") | joined if told.time else cells["occurred_at"]
    columns: dict[str, Cell] = {"occurred_at": time, **kept, "kind": {"value": "return"}}
    columns |= {"quantity": {"value": -1}, "unit_price_cents": {"column": OF_LINE, "times": 100}}
    where = f"{OF_LINE} > 0" + (f" AND {part['where']}" if part.get("where") else "")
    return {"where": where, "columns": columns}


def _without_void(made: TableProposal, state: Column) -> TableProposal:
    void = [word for word in state.values if comes_to_nothing(word)]
    words = sql.listed(void)
    rest = f'("{STATE}" IS NULL OR "{STATE}" NOT IN ({words}))'
    return replace(made, where=" AND ".join(filter(None, (made.where, rest))))


def _said(told: Told, orders: str) -> str:
    if told.state is not None:
        return f"{told.file.label}: orders of {orders} are left out whose newest {told.state.name} says so"
    how = "by line" if told.product else "spread over the lines of their orders"
    return f"{told.file.label}: its amounts are returns of the orders of {orders} that it names, {how}"
