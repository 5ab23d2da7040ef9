"""Orders in several files: lines with products in one, customer, day and totals of the orders in another."""

import re
from collections.abc import Iterable
from dataclasses import replace

from training.sources.proposal.cell_proposal import personal_key
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import ORDER, PRODUCT, Beside, File
from training.sources.proposal.name_patterns import FILES, REFUNDS, means
from training.sources.proposal.own_keys import shared, values
from training.sources.proposal.presets import preset_of
from training.sources.proposal.reexports import repeated_by, together
from training.sources.reading.join import named_beside
from training.sources.reading.money_columns import meaning, plain_name

KNOWN = 0.5  # of the orders of lines, or of their products, are in the other file
GOODS = ("product_id", "quantity")
PRICES = ("unit_price_cents", "line_total")


def with_heads(files: list[File]) -> tuple[list[File], list[File], list[str]]:
    """Join what orders and products say to the lines that name them.

    Returns
    -------
    The files, lines with what stands beside them; those that are nothing but heads of these lines; and what
    was decided.
    """
    lines = together([file for file in files if _are_lines(file)])
    rest = together([file for file in files if not _are_lines(file)]) if lines else []
    rest = [_once(file) for file in rest]
    found: list[File] = []
    said: list[str] = []
    for file in lines:
        made = _headed(file, rest, said)
        found.append(_priced(made, rest, said) if made.beside and not _is_refund(made) else made)
    heads = [one.file for file in found for one in file.beside if one.prefix == ORDER]
    if not heads:
        return files, [], []
    gone = {place for head in heads for place in head.places}
    left = [file for file in files if not gone & set(file.places) and not _are_lines(file)]
    return [*left, *found], heads, said


def joined_presets(files: list[File]) -> tuple[list[File], list[File], list[str]]:
    """Join the two files of a system whose preset reads orders with their lines; see ``with_heads``."""
    heads = together([file for file in files if file.hints.presets and preset_of(file) is not None])
    lines = together([file for file in files if _are_lines(file)]) if heads else []
    found: list[File] = []
    used: list[File] = []
    said: list[str] = []
    for file in lines:
        joined = [(other, made) for other in heads if (made := _joined(file, other, said)) is not None]
        for other, made in joined[:1]:
            found.append(made)
            used += [other, file]
    gone = {place for file in used for place in file.places}
    return [*(file for file in files if not gone & set(file.places)), *found], used[::2], said


def _joined(file: File, other: File, said: list[str]) -> File | None:
    """Lines with their orders beside them; ``None`` where no preset reads both."""
    order = file.meaning("order_id")
    key = next((c for c in other.columns if order is not None and c.name == order.name and c.is_unique), None)
    if order is None or key is None:
        return None
    mine, theirs = values(file, order.name, {}), values(other, key.name, {})
    known = shared(mine, theirs)
    made = _beside(file, other, {order.name: key.name}, ORDER, known == len(mine))
    if known < KNOWN * len(mine) or preset_of(made) in (None, preset_of(other)):
        return None
    said.append(_said(file, other, known, len(mine), len(theirs), key.name))
    return made


def _said(file: File, other: File, known: int, count: int, whole: int, key: str) -> str:
    return (
        f"{file.label}: its lines take who ordered, and when, from {other.label}: {known:,} of its {count:,} "
        f"orders are among the {whole:,} there ({key}); what an order has once is split over its lines"
    )


def _once(file: File) -> File:
    """The same, of rows that stand in several of its files by a number of their own those of the newest."""
    if not file.also or file.newest or not file.times:
        return file
    found = repeated_by(file, file.times[0].name, file.times[0])
    return replace(file, newest=found[0]) if found and len(found[0]["by"]) == 1 else file


def _are_lines(file: File) -> bool:
    """Whether several rows name an order and what was bought, or rows what of an order was given back."""
    order = file.meaning("order_id")
    if order is None or (file.hints.presets and preset_of(file) is not None):
        return False
    if _is_refund(file):
        return not file.meaning("member_id") and any(file.meaning(name) for name in PRICES)
    return not order.is_unique and any(file.meaning(name) for name in GOODS)


def _is_refund(file: File) -> bool:
    return re.search(REFUNDS, file.path.name.lower()) is not None


def _headed(file: File, others: Iterable[File], said: list[str]) -> File:
    order = file.meaning("order_id")
    found = [(pair, other) for other in others if order and (pair := _pair(file, order, other))]
    if not found:
        return file
    (head, known, count, whole), other = max(found, key=lambda one: (one[0][1], one[1].rows))
    made = _beside(file, other, {str(order and order.name): head.name}, ORDER, known == count)
    said.append(_said(file, other, known, count, whole, head.name))
    return made


def _pair(file: File, order: Column, other: File) -> tuple[Column, int, int, int] | None:
    """The column of heads by which lines find them, how many are found, of how many, among how many."""
    if not _is_head(file, other):
        return None
    for column in other.columns:
        is_key = _is_key(other, column) and column.filled == other.rows and not column.decimals
        name = plain_name(column.name)
        is_named = means(column.name, "order_id") or name == plain_name(order.name)
        if is_key and (is_named or (name in ("id", "entity_id") and not _is_of_others(other))):
            mine, theirs = values(file, order.name, {}), values(other, column.name, {})
            known = shared(mine, theirs)
            if known >= KNOWN * len(mine):
                return column, known, len(mine), len(theirs)
    return None


def _is_of_others(file: File) -> bool:
    """Whether a file is called as something else than orders, whose numbers meet theirs by chance."""
    name = file.label.lower()
    others = (form for table, form in FILES.items() if table != "purchases")
    return not re.search(FILES["purchases"], name) and any(re.search(form, name) for form in others)


def _is_key(file: File, column: Column) -> bool:
    """Whether a column names each row once, of those that count."""
    if not file.newest:
        return column.is_unique
    ids = file.of_newest().select(column.name).collect().to_series()
    return not ids.is_duplicated().any()


def _is_head(file: File, other: File) -> bool:
    """Whether rows may be orders: they say who ordered, of lines that say it themselves at least how much."""
    if not (other.meaning("member_id") or any(map(personal_key, other.columns))) or _is_refund(other):
        return False
    if other.hints.presets and preset_of(other) is not None:
        return False
    is_complete = file.meaning("member_id") is not None and bool(file.times)
    return not is_complete or any(_is_money(column) for column in other.columns)


def _priced(file: File, others: Iterable[File], said: list[str]) -> File:
    """Lines without a price take that of their product."""
    product = file.meaning("product_id")
    if product is None or any(
        _is_money(column) for column in file.columns if column.name not in file.of_orders
    ):
        return file
    for other in others:
        for column in other.columns:
            if column.is_unique and means(column.name, "product_id") and other.meaning("unit_price_cents"):
                mine, theirs = values(file, product.name, {}), values(other, column.name, {})
                known = shared(mine, theirs)
                if known >= KNOWN * len(mine):
                    said.append(
                        f"{file.label}: has no price; that of {other.label} is taken, as it is today and not "
                        f"as it was then ({known:,} of {len(mine):,} products are there)"
                    )
                    return _beside(file, other, {product.name: column.name}, PRODUCT, known == len(mine))
    return file


def _beside(file: File, other: File, on: dict[str, str], prefix: str, is_whole: bool) -> File:
    """The same with the columns of another file, as they look on its rows."""
    names = [column.name for column in other.columns if column.name not in on.values()]
    called = named_beside({column.name for column in file.columns}, names, prefix)
    there = [
        replace(_on_lines(c, file, other, is_whole), name=called[c.name])
        for c in other.columns
        if c.name in called
    ]
    if _is_refund(file):  # what the order cost or gave back is told by the order
        there = [column for column in there if means(column.name, "member_id")]
    joined = Beside(other, on, prefix, called)
    return replace(file, columns=(*file.columns, *there), beside=(*file.beside, joined))


def _on_lines(column: Column, file: File, other: File, is_whole: bool) -> Column:
    """The same as it is filled and differs on the lines; a sample of heads stands for all of them."""
    share = column.filled / max(other.rows, 1)
    filled = file.rows if share == 1 and is_whole else min(int(share * file.rows), file.rows - 1)
    return replace(column, filled=filled, distinct=min(column.distinct, max(filled - 1, 0)))


def _is_money(column: Column) -> bool:
    return column.kind == "number" and (
        any(means(column.name, name) for name in PRICES) or meaning(column.name) == "total"
    )
