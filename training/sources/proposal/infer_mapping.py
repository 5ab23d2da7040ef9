"""Which table a file is, and which of its columns is which: by names, types and what is unique."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from features import tables
from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import (
    CONSENT,
    IDS,
    cell_of,
    consents,
    number_of,
    personal_key,
)
from training.sources.proposal.column_profile import Column
from training.sources.proposal.deductions import with_forms
from training.sources.proposal.file_profile import File
from training.sources.proposal.flat_table import as_subjects
from training.sources.proposal.line_amounts import adjusted
from training.sources.proposal.line_price import kind_by_sign, price_of_total
from training.sources.proposal.lists_of_people import list_of_people, merged_ids, refused_since, with_refusals
from training.sources.proposal.mapping_keys import CellKeys, Cells, Value
from training.sources.proposal.message_log import is_message_log, message_log
from training.sources.proposal.name_patterns import (
    AGREEING,
    CALLED,
    DEFAULTS,
    FILES,
    OWN_IDS,
    REFUNDS,
    REFUSING,
    means,
)
from training.sources.proposal.order_fill import filled_down, said
from training.sources.proposal.owners import is_address_book, owner_of, person_of, surest
from training.sources.proposal.presets import preset_of
from training.sources.proposal.product_prices import by_products
from training.sources.proposal.profile_totals import snapshots, without_totals
from training.sources.proposal.rows_left_out import condition
from training.sources.proposal.stage_history import history_of, stage_history
from training.sources.proposal.table_proposal import TableProposal, in_order
from training.sources.proposal.tickets import with_steps
from training.sources.proposal.time_columns import time_of, with_clock
from training.sources.proposal.time_zones import with_zones
from training.sources.reading.money_columns import meaning, plain_name
from training.sources.reading.words import TRUE

TIMES = ("occurred_at", "joined_at", "recorded_at")
IN_PLACE = {"order_id": "payment_id", "lead_id": "deal_id"}  # where a file has no other id
BARE = r"r[eé]f([eé]rence)?|referencia"  # of a product, or of an order
TIMELESS = ("members", "products", "campaigns", "identities")  # often come as they are today
CONSTANTS: dict[tuple[str, str], str] = {
    ("events", "channel"): "web",
    ("events", "kind"): "visit",
    ("responses", "kind"): "answered",
    ("care", "kind"): "opened",
    ("identities", "platform"): "shop",
}


def infer_mapping(file: File) -> TableProposal | None:
    """Return the best fitting table of a file; ``None`` where it fits none."""
    preset = preset_of(file) if file.hints.presets else None
    if preset is not None and preset.refunds:
        return None  # of orders that another file has
    if preset is not None and next(iter(preset.tables)) in preset.parts("", file):
        return TableProposal(
            file, next(iter(preset.tables)), {}, unsure=preset.said(file.label), preset=preset
        )
    told = message_log(file) or stage_history(file) or list_of_people(file) or merged_ids(file)
    if told is not None or is_message_log(file) or history_of(file):
        return told  # a log that lacks something would be misread as any other table
    file = filled_down(file)
    found = [made for table in tables.TABLES if (made := as_table(file, table)) is not None]
    found += [made for made in (as_subjects(file), _as_refunds(file)) if made is not None]
    best = max(found, key=lambda made: made.score, default=None)
    if best is None or best.score < 2:
        return None
    best = with_amounts(replace(best, unsure=[*said(file), *_sales_within(best), *best.unsure]))
    return without_totals(with_zones(with_steps(with_refusals(best))))


def _sales_within(made: TableProposal) -> Iterator[str]:
    """Say of events which columns tell of orders and their money, which are not read."""
    order = made.file.meaning("order_id")
    money = [
        c.name
        for c in made.file.columns
        if c.kind == "number" and (means(c.name, "line_total") or meaning(c.name) == "total")
    ]
    if made.table == "events" and order is not None and money:
        yield (
            f"{made.file.label}: {order.name} and {', '.join(money)} look like orders among events; their "
            "money is not read: export orders of their own, or add a part of `purchases` with a `where`"
        )


def _as_refunds(file: File) -> TableProposal | None:
    """A file of refunds: returns at their own time."""
    made = as_table(file, "purchases") if re.search(REFUNDS, file.label.lower()) else None
    price = made.cells["unit_price_cents"] if made is not None else {}
    if made is None or "column" not in price or any(c.negatives for c in file.columns):
        return None  # as returns among sales are read
    quantity = made.cells["quantity"].get("column")
    pieces: CellKeys = {"sql": f"-{sql.number(quantity)}"} if quantity else {"value": -1}
    cells = made.cells | {"kind": {"value": "return"}, "quantity": pieces}
    unsure = [*made.unsure, f"{file.label}: its rows are taken as refunds, at their own time"]
    return replace(made, cells=in_order("purchases", cells), unsure=unsure, score=made.score + 4)


def as_table(file: File, table: str) -> TableProposal | None:
    """Take a file as one table; ``None`` where something is missing that cannot be made up."""
    specs = tables.columns(table)
    used: dict[str, str] = {}
    for name in specs:
        column = _named(file, name, table, used)
        if column is not None:
            used[name] = column.name
    unsure: list[str] = []
    cells = _cells(file, table, used, unsure)
    if table in TIMELESS and "occurred_at" not in cells:
        cells["occurred_at"] = {"value": "1970-01-01"}
        unsure.append(
            f"{file.label}: no column tells when a row of {table} was known; it is taken as "
            "known from the start, which is a leak until shown otherwise"
        )
    owners = {"member_id", "lead_id"} & set(cells)
    missing = [name for name, spec in specs.items() if not spec.nullable and name not in cells]
    made_up = {name: _made_up(table, name, cells, unsure) for name in missing}
    if None in made_up.values() or (table in ("responses", "events") and not owners):
        return None
    told = [*used, *({"unit_price_cents"} & set(cells) - set(used))]  # a total tells as much as a price
    score = _score(file, table, told, made_up)
    cells |= {name: cell for name, cell in made_up.items() if cell is not None}
    left = [column.name for column in file.columns if column.name not in used.values()]
    own = ("*",) if left and table in tables.EXTENSIBLE else ()
    where = condition(file, table, used, unsure)
    return TableProposal(file, table, in_order(table, cells), where, own, unsure, score)


def _cells(file: File, table: str, used: dict[str, str], unsure: list[str]) -> Cells:
    """Read the columns that are used; of purchases also owners, prices and which are returns."""
    is_sale = table == "purchases"
    if is_sale and "member_id" in used:
        used["member_id"] = owner_of(file, used["member_id"], unsure)
    cells = {name: cell_of(file, name, column, unsure) for name, column in used.items()}
    cells |= with_clock(file, cells.get("occurred_at"), unsure)
    if is_sale and "unit_price_cents" not in cells:
        cells |= price_of_total(file, used, unsure)
        if "discount_cents" not in used:
            cells.pop("discount_cents", None)
    if table in ("responses", "events") and "lead_id" in cells:
        cells.pop("member_id", None)
    return cells | (kind_by_sign(file, used, unsure) if is_sale else {})


def with_amounts(made: TableProposal) -> TableProposal:
    """The same, its amounts read so that they add up."""
    if made.table != "purchases":
        return made
    found = adjusted(made.file, made.cells)
    by_products(found, made.cells)
    cells = in_order("purchases", made.cells | found.cells)
    told = replace(made, cells=cells, fields=found.fields, unsure=[*made.unsure, *found.unsure])
    formed = with_forms(told)
    return replace(formed, cells=in_order("purchases", formed.cells))


def _score(file: File, table: str, used: list[str], made_up: Collection[str]) -> float:
    by_name = 2.0 if re.search(FILES[table], file.label.lower()) else 0.0
    by_name += sum(1.0 for column in file.times[:1] if re.search(FILES[table], column.name.lower()))
    silent = (*TIMES, "member_id", "channel", *(() if table == "events" else ("kind",)))
    telling = [name for name in used if name not in silent]
    ids = {"members": "member_id", "leads": "lead_id", "products": "product_id", "campaigns": "campaign_id"}
    found = [column for column in file.columns if table in ids and means(column.name, ids[table])]
    key = next(iter(surest(found, [*file.columns]) if table == "members" else found), None)
    one_each = key is not None and (key.is_unique or (table == "members" and bool(snapshots(file))))
    unique = 0.0 if key is None else (1.5 if one_each else -2.0)
    if (
        table == "members"
        and refused_since(file)
        and any(c.is_unique for c in file.columns if personal_key(c))
    ):
        unique += 2.0  # a list of addresses, some of which were taken off it
    if table == "members" and is_address_book(file):
        by_name += 2.0
    return by_name + 0.75 * len(telling) + unique - 0.5 * len(made_up)


def _named(file: File, name: str, table: str, used: dict[str, str]) -> Column | None:
    free = [column for column in file.columns if column.name not in used.values()]
    if name == "occurred_at":
        return time_of(file, table)
    named = [column for column in free if means(column.name, name)]
    if not named and file.grouped:
        named = [column for column in free if means(column.name.rpartition(" ")[2], name)]
    named = [column for column in named if _can_be(column, name, table)]
    if not named and name == OWN_IDS.get(table):
        is_sure = table in CALLED or re.search(FILES[table], file.label.lower())
        ids = [c for c in free if plain_name(c.name) in ("id", "record_id")]
        named = (
            [c for c in ids if table in CALLED or c.is_unique or file.also or "lines" in file.written]
            if is_sure
            else []
        )
    if not named and name == "consent_marketing":
        told = f"{REFUSING}|{AGREEING}"
        named = [c for c in free if re.fullmatch(told, plain_name(c.name)) and consents(c)]
    if not named and name in IN_PLACE:
        named = [c for c in free if means(c.name, IN_PLACE[name]) and c.is_unique]
    if name == "member_id":
        named = surest(named, free) if named else person_of(free, table)
    if (table, name) == ("purchases", "product_id"):
        # A number of its own in each row is the line's, and a reference of nothing else may be the order's.
        named = sorted(named, key=lambda c: (c.is_unique, bool(re.fullmatch(BARE, plain_name(c.name)))))
    return next(iter(named), None)


def _can_be(column: Column, name: str, table: str) -> bool:
    """Whether the cells of a column bear out what its name says."""
    if not column.filled or (name in IDS and _is_amount(column)):
        return False
    if (table, name) == ("purchases", "kind"):  # a status is none, and has words of its own
        return bool(column.values) and {*column.values} <= {"sale", "return"}
    if (table, name) == ("care", "kind"):
        return bool(column.values) and {*column.values} <= set(tables.CARE_KINDS)
    if name in CONSENT:
        return bool(consents(column))
    if name == "discount_cents" and "%" in column.name:
        return False
    kinds = {"deceased": "truth", "discount_cents": "number", **dict.fromkeys(TIMES, "time")}
    return column.kind == kinds.get(
        name, column.kind
    )  # a date of death is no truth value, a code no discount


def _is_amount(column: Column) -> bool:
    """Whether a column that is named as an id (用户实付金额) counts money or pieces, or says yes and no."""
    if column.kind in ("time", "truth"):
        return True
    named = meaning(column.name) or any(means(column.name, name) for name in ("line_total", "quantity"))
    return column.kind == "number" and (column.negatives or column.decimals or bool(named))


def _made_up(table: str, name: str, cells: Cells, unsure: list[str]) -> CellKeys | None:
    value = CONSTANTS.get((table, name))
    if table == "responses" and "lead_id" in cells:
        value = "converted"
    cell = DEFAULTS.get(name) or ({"value": value} if value is not None else None)
    if cell is not None:
        unsure.append(f"{table}.{name}: no column was found for it; it is made up as {cell}")
    return cell.copy() if cell is not None else None


def unmatched(there: set[str]) -> Iterator[str]:
    """Yield tables that other tables name by id, and that no file is."""
    if {"purchases", "contacts", "care"} & there:
        yield "whoever has no row of members of their own is added as a member (`unknown_members: add`)"
    if {"contacts", "responses"} & there and "campaigns" not in there and "leads" not in there:
        yield "no file is a table of campaigns: nothing is known about what was sent"


def converted(made: TableProposal) -> Cells:
    """Return fields that make numbers of attributes: words for yes and no, and amounts written for people."""
    if not made.attributes:
        return {}
    used = {cell.get("column") for cell in made.cells.values()}
    told = " ".join(cell.get("sql", "") for cell in made.cells.values())  # which reads cells as they are
    used |= {name.removeprefix("-") for name in made.attributes if name.startswith("-")}
    free = [c for c in made.file.columns if c.name not in used and f'"{c.name}"' not in told]
    cells = {c.name: _number_of(c) for c in free}
    return {name: cell for name, cell in cells.items() if cell}


def _number_of(column: Column) -> CellKeys:
    words = {word.lower() for word in column.values}
    if column.kind == "truth" and words and not words <= {"true", "false"} and not words <= {"0", "1"}:
        told: dict[str, Value] = {word: int(word.lower() in TRUE) for word in column.values}
        return {"column": column.name, "map": told}
    if column.kind == "number" and column.decimal:
        return number_of(column)
    return {}
