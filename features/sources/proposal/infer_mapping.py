"""Which table a file is, and which of its columns is which: by names, types and what is unique."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from features import tables
from features.sources.proposal.column_profile import Column, File
from features.sources.proposal.name_patterns import COLUMNS, DEFAULTS, FILES, OUTCOME

TIMES = ("occurred_at", "joined_at", "recorded_at")
TIMELESS = ("members", "products", "campaigns", "identities")  # often come as they are today
CONSTANTS: dict[tuple[str, str], Any] = {
    ("events", "channel"): "web",
    ("events", "kind"): "visit",
    ("responses", "kind"): "answered",
    ("care", "kind"): "opened",
    ("identities", "platform"): "shop",
}

OTHERS = "all other columns are taken as attributes; those known only with the outcome must go to `exclude:`"


@dataclass(frozen=True)
class Guess:
    """One file as one table.

    Parameters
    ----------
    cells
        Column of the contract: how it is made, as in a mapping file.
    unsure
        What a human should look at, one sentence each.
    score
        How well the file fits.
    dated
        Whether a column holds a time.
    """

    file: File
    table: str
    cells: dict[str, dict[str, Any]]
    where: str | None = None
    attributes: tuple[str, ...] = ()
    unsure: list[str] = field(default_factory=list)
    score: float = 0.0
    dated: bool = True


def guess(file: File) -> Guess | None:
    """The best fitting table of a file; ``None`` where it fits none."""
    found = [made for table in tables.TABLES if (made := _as_table(file, table)) is not None]
    flat = _as_subjects(file)
    best = max([*found, *([flat] if flat else [])], key=lambda made: made.score, default=None)
    return best if best is not None and best.score >= 2 else None


def _as_table(file: File, table: str) -> Guess | None:
    """``None`` where something is missing that cannot be made up."""
    specs = tables.columns(table)
    used: dict[str, str] = {}
    for name in specs:
        column = _named(file, name, table, used)
        if column is not None:
            used[name] = column.name
    unsure: list[str] = []
    cells = {name: _cell(file, name, column, unsure) for name, column in used.items()}
    if table == "purchases" and "unit_price_cents" not in cells:
        cells |= _line_total(file, unsure)
    if table in ("responses", "events") and "lead_id" in cells:
        cells.pop("member_id", None)
    if table == "purchases":
        cells |= _returns(file, used, unsure)
    if table in TIMELESS and "occurred_at" not in cells:
        cells["occurred_at"] = {"value": "1970-01-01"}
        unsure.append(
            f"{file.path.name}: no column tells when a row of {table} was known; it is taken as "
            "known from the start, which is a leak until shown otherwise"
        )
    owners = {"member_id", "lead_id"} & set(cells)
    missing = [name for name, spec in specs.items() if not spec.nullable and name not in cells]
    made_up = {name: _made_up(table, name, cells, unsure) for name in missing}
    if None in made_up.values() or (table in ("responses", "events") and not owners):
        return None
    score = _score(file, table, list(used), made_up)
    cells |= {name: cell for name, cell in made_up.items() if cell is not None}
    left = [column.name for column in file.columns if column.name not in used.values()]
    own = ("*",) if left and table in tables.EXTENSIBLE else ()
    return Guess(file, table, _in_order(table, cells), _somebody(file, used, unsure), own, unsure, score)


def _returns(file: File, used: dict[str, str], unsure: list[str]) -> dict[str, dict[str, Any]]:
    """Negative quantities are returns, where no column says which lines are."""
    quantity = next((column for column in file.columns if column.name == used.get("quantity")), None)
    if quantity is None or not quantity.negatives or "kind" in used:
        return {}
    unsure.append(f"{file.path.name}: lines with a negative {quantity.name} are taken as returns")
    negative = f'CAST("{quantity.name}" AS DOUBLE) < 0'
    return {"kind": {"sql": f"CASE WHEN {negative} THEN 'return' ELSE 'sale' END"}}


def _somebody(file: File, used: dict[str, str], unsure: list[str]) -> str | None:
    """Rows that name nobody are left out, where some do not."""
    owner = next((column for column in file.columns if column.name == used.get("member_id")), None)
    if owner is None or "lead_id" in used or owner.filled == file.rows:
        return None
    share = 1 - owner.filled / file.rows
    unsure.append(f"{file.path.name}: {share:.0%} of the first rows have no {owner.name}; they are left out")
    return f'"{owner.name}" IS NOT NULL'


def _score(file: File, table: str, used: list[str], made_up: dict[str, Any]) -> float:
    by_name = 2.0 if re.search(FILES[table], file.path.name.lower()) else 0.0
    by_name += sum(1.0 for column in file.times[:1] if re.search(FILES[table], column.name.lower()))
    telling = [name for name in used if name not in (*TIMES, "member_id", "channel", "kind")]
    ids = {"members": "member_id", "leads": "lead_id", "products": "product_id", "campaigns": "campaign_id"}
    key = next((column for column in file.columns if table in ids and _is(column.name, ids[table])), None)
    unique = 0.0 if key is None else (1.5 if key.is_unique else -2.0)
    return by_name + 0.75 * len(telling) + unique - 0.5 * len(made_up)


def _is(name: str, concept: str) -> bool:
    return re.fullmatch(COLUMNS[concept], _plain(name)) is not None


def _plain(name: str) -> str:
    """``CustomerID`` and ``customer id`` as ``customer_id``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\s.\-]+", "_", words).lower()


def _named(file: File, name: str, table: str, used: dict[str, str]) -> Column | None:
    free = [column for column in file.columns if column.name not in used.values()]
    if name == "occurred_at":
        return _time(file)
    named = [column for column in free if name in COLUMNS and _is(column.name, name)]
    if name in TIMES:
        named = [column for column in named if column.kind == "time"]
    if not named and name == {
        "members": "member_id",
        "products": "product_id",
        "campaigns": "campaign_id",
    }.get(table):
        named = [column for column in free if _plain(column.name) == "id"]
    return next(iter(named), None)


def _time(file: File) -> Column | None:
    named = [column for column in file.times if column.name == file.hints.time]
    telling = [column for column in file.times if not _is(column.name, "recorded_at")]
    return next(iter(named or telling or file.times), None)


def _cell(file: File, name: str, column_name: str, unsure: list[str]) -> dict[str, Any]:
    column = next(column for column in file.columns if column.name == column_name)
    cell: dict[str, Any] = {"column": column.name}
    if column.kind == "time":
        if column.formats:
            cell["format"] = column.formats[0]
        order = f", read as {column.formats[0]}" if column.formats else ""
        if len(column.formats) > 1:
            order += f"; it reads as {' and as '.join(column.formats[1:])} too"
        others = [other.name for other in file.times if other.name != column.name]
        taken = "the time at which a row was known" if name == "occurred_at" else name
        but = f", not {others}" if others and name == "occurred_at" else ""
        unsure.append(f"{file.path.name}: {column.name} is taken as {taken}{but}{order}")
    if name.endswith("_cents"):
        cell["times"] = 100
        whole = "" if column.decimals else ", and has no decimals: it may be cents already"
        unsure.append(f"{file.path.name}: {column.name} is taken as whole money units (times 100){whole}")
    return cell


def _line_total(file: File, unsure: list[str]) -> dict[str, dict[str, Any]]:
    found = next((c for c in file.columns if c.kind == "number" and _is(c.name, "line_total")), None)
    if found is None:
        return {}
    unsure.append(f"{file.path.name}: {found.name} is taken as the price of a line of one piece")
    return {"unit_price_cents": {"column": found.name, "times": 100}, "quantity": {"value": 1}}


def _made_up(table: str, name: str, cells: dict[str, Any], unsure: list[str]) -> dict[str, Any] | None:
    value = CONSTANTS.get((table, name))
    if table == "responses" and "lead_id" in cells:
        value = "converted"
    cell = DEFAULTS.get(name) or ({"value": value} if value is not None else None)
    if cell is not None:
        unsure.append(f"{table}.{name}: no column was found for it; it is made up as {cell}")
    return dict(cell) if cell is not None else None


def _as_subjects(file: File) -> Guess | None:
    """A flat table: one row a subject, with an outcome of two values."""
    told = [column for column in file.columns if column.name == file.hints.label]
    labels = told or [
        column
        for column in file.columns
        if column.kind == "truth" and re.fullmatch(OUTCOME, _plain(column.name))
    ]
    if not labels:
        return None
    unsure: list[str] = []
    if len(labels) > 1:
        others = [column.name for column in labels[1:]]
        unsure.append(f"{file.path.name}: {labels[0].name} is taken as the outcome, not {others}")
    time = _time(file)
    cells: dict[str, dict[str, Any]] = {
        "label": _label(file, labels[0], unsure),
        "subject_id": {"column": "_row"},
    }
    if time is None:
        cells["occurred_at"] = {"value": "1970-01-01"}
        unsure.append(
            f"{file.path.name}: no time was found; rows are split at random (`dated: false`) and nothing is "
            "tested over time"
        )
    else:
        cells["occurred_at"] = _cell(file, "occurred_at", time.name, unsure)
    key = next(
        (column for column in file.columns if column.is_unique and column.kind in ("text", "number")), None
    )
    if key is not None and not key.decimals:
        cells["subject_id"] = {"column": key.name}
    unsure.append(f"{file.path.name}: {OTHERS}")
    score = 2.0 + 0.25 * max(0, len(file.columns) - 4) + (100.0 if told else 0.0)
    placed = _in_order("subjects", cells)
    return Guess(file, "subjects", placed, None, ("*",), unsure, score, time is not None)


def _label(file: File, column: Column, unsure: list[str]) -> dict[str, Any]:
    """The outcome; of two values that mean neither yes nor no the rarer one is taken as it."""
    if column.kind == "truth":
        return {"column": column.name}
    common, rare = column.two
    unsure.append(f"{file.path.name}: {column.name} is taken to have happened where it is {rare!r}")
    return {"column": column.name, "map": {common: 0, rare: 1}}


def _in_order(table: str, cells: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: cells[name] for name in tables.columns(table) if name in cells}


def unmatched(guesses: list[Guess]) -> Iterator[str]:
    """Tables that other tables name by id, and that no file is."""
    there = {made.table for made in guesses}
    if {"purchases", "contacts", "care"} & there:
        yield "whoever has no row of members of their own is added as a member (`unknown_members: add`)"
    if {"contacts", "responses"} & there and "campaigns" not in there and "leads" not in there:
        yield "no file is a table of campaigns: nothing is known about what was sent"
