"""Exports of well-known systems: recognised by their headers, read by a mapping that is there already."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import polars as pl

from features import tables as contract
from features import unique_yaml
from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import written
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import (
    Cell,
    CellKeys,
    Cells,
    FillDownKeys,
    PartKeys,
    SourceKeys,
    SpreadKeys,
    Tables,
    full,
)
from training.sources.proposal.name_patterns import means
from training.sources.reading.files import FILE, ROW

FOLDER = Path(__file__).parents[1] / "presets"
Choice = TypeVar("Choice", str, Cell, CellKeys)


class PresetSource(TypedDict, total=False):
    """Keys of a source, with one cell or several to choose from a field."""

    fill_down: FillDownKeys
    fields: dict[str, CellKeys | list[CellKeys]]


class PresetPart(TypedDict, total=False):
    """Keys of a part of a table, with one condition and cell or several to choose from."""

    where: str | list[str]
    keep: str
    columns: dict[str, Cell | list[Cell]]


class Refunds(TypedDict, total=False):
    """Columns of what was paid back for orders that another file has, and ``where`` it was."""

    order: str
    product: str
    amount: str
    time: str
    where: str


@dataclass(frozen=True)
class Preset:
    """How one system writes one of its exports.

    Parameters
    ----------
    system, documented_at
        What it is called, and where its makers describe it.
    recognised_by
        Sets of headers; a file of it has all of one of them.
    look_at
        What was decided, for a human to look at.
    source, tables
        As in a mapping file; parts name no source, there is one. Where a list stands for a cell or a
        condition, the first counts whose columns the file has: exports differ by version and by what
        was ticked.
    refunds
        Of an export that does not say whose its rows are: ``order``, ``product``, ``amount`` and ``time``,
        the columns of what was paid back for orders that another file has, ``where`` it was.
    """

    system: str
    documented_at: str
    recognised_by: tuple[frozenset[str], ...]
    look_at: tuple[str, ...]
    source: PresetSource = field(default_factory=PresetSource)
    tables: dict[str, list[PresetPart]] = field(default_factory=dict)
    refunds: Refunds = field(default_factory=Refunds)

    def source_of(self, file: File) -> SourceKeys:
        """Write the keys of a source, without columns that the file does not have."""
        there = _columns(file)
        found: SourceKeys = {}
        if "fill_down" in self.source:
            rule = self.source["fill_down"]
            kept = [name for name in rule["columns"] if name in there]
            found["fill_down"] = {"by": rule["by"], "columns": kept}
        seen = {column.name: column for column in file.columns if column.kind == "number"}
        fields = {
            name: _as_written("unit_price_cents", cell, seen) for name, cell in self._fields(there).items()
        }
        if "lines" in file.written:
            fields = self._split(fields, file)
        if fields:
            found["fields"] = fields
        return found

    def parts(self, source: str, file: File) -> Tables:
        """Write the parts of tables over a source, those for which the file has the columns."""
        there = _columns(file)
        fields = self._fields(there)
        there |= set(fields)
        seen = {column.name: column for column in file.columns}
        seen |= {name: seen[cell["column"]] for name, cell in fields.items() if _is_copy(cell, seen)}
        made = {
            table: [_written(part, seen) for one in parts if (part := _part(source, table, one, there))]
            for table, parts in self.tables.items()
        }
        if "lines" in file.written:
            made = {table: [_of_product(part, file) for part in parts] for table, parts in made.items()}
        return {table: parts for table, parts in made.items() if parts}

    def _split(self, fields: Cells, file: File) -> Cells:
        """Split what an order was paid, or was paid back, over its lines."""
        there = _columns(file) | set(fields)
        parts = [_part("", "purchases", part, there) for part in self.tables.get("purchases", ())]
        whole = [part["columns"] for part in parts if part and _is_whole(part["columns"])]
        orders = {
            name: full(cells["order_id"])["column"]
            for cells in whole
            for name in _named(cells["unit_price_cents"])
        }
        pieces = next((c.name for c in file.columns if c.name not in file.of_orders and _counts(c)), None)
        over: SpreadKeys = {"over": sql.number(pieces)} if pieces else {}
        return {
            name: cell | {"spread": {"by": orders[name], **over}} if name in orders else cell
            for name, cell in fields.items()
        }

    def said(self, label: str) -> list[str]:
        """Say which preset was taken, how to leave it, and what it decided."""
        taken = f"{label}: taken as {self.system} ({self.documented_at}); `--no-presets` reads it as any file"
        return [taken, *(f"{label}: {sentence}" for sentence in self.look_at)]

    def _fields(self, there: set[str]) -> Cells:
        found: Cells = {}
        for name, cells in self.source.get("fields", {}).items():
            cell = _first(cells, there | set(found), _named)
            found |= {name: cell} if cell is not None else {}
        return found


def _is_whole(cells: dict[str, Cell]) -> bool:
    """Whether a part takes an order as one line of one piece."""
    pieces = full(cells.get("quantity", {}))
    return pieces.get("value") in (1, -1) and "product_id" not in cells


def _of_product(part: PartKeys, file: File) -> PartKeys:
    """The same, naming the product of the line."""
    product = next((c.name for c in file.columns if c.name not in file.of_orders and not _counts(c)), None)
    if product is None or not _is_whole(part["columns"]):
        return part
    return part | {"columns": part["columns"] | {"product_id": product}}


def _counts(column: Column) -> bool:
    return means(column.name, "quantity")


def _columns(file: File) -> set[str]:
    return {column.name for column in file.columns} | {ROW, FILE}


def _part(source: str, table: str, part: PresetPart, there: set[str]) -> PartKeys | None:
    """A part of what the file has; ``None`` where that is less than a table needs."""
    chosen = {name: _first(cells, there, _named) for name, cells in part["columns"].items()}
    columns = {name: cell for name, cell in chosen.items() if cell is not None}
    needed = {name for name, spec in contract.columns(table).items() if not spec.nullable}
    where = _first(part["where"], there, _roots) if "where" in part else None
    if not needed <= set(columns) or ("where" in part and where is None):
        return None
    made: PartKeys = {"source": source}
    if where:
        made["where"] = where
    if "keep" in part:
        made["keep"] = part["keep"]
    return made | {"columns": columns}


def _is_copy(cell: CellKeys, seen: dict[str, Column]) -> bool:
    return set(cell) == {"column"} and cell["column"] in seen


def _written(part: PartKeys, seen: dict[str, Column]) -> PartKeys:
    """The same, its cells read as the file writes them, where the preset does not say how."""
    cells = {name: _as_written(name, cell, seen) for name, cell in part["columns"].items()}
    return part | {"columns": cells}


def _as_written(name: str, cell: Choice, seen: dict[str, Column]) -> Choice | CellKeys:
    told = full(cell)
    column = seen.get(str(told.get("column")))
    if column is None or {"format", "since", "map", "hash"} & set(told):
        return cell
    found = written(column, name) if column.kind in ("time", "number") else {}
    return {**found, **told} if found else cell


def _first(
    cells: Choice | list[Choice], there: set[str], named: Callable[[Choice], set[str]]
) -> Choice | None:
    """The first of several cells (or conditions) whose columns are there."""
    listed = cells if isinstance(cells, list) else [cells]
    return next((cell for cell in listed if named(cell) <= there), None)


def _named(cell: Cell) -> set[str]:
    """Columns that a cell is made of."""
    told = full(cell)
    spread = told.get("spread", {})
    own = {told["column"]} if "column" in told else set()
    own |= {spread["by"]} if spread else set()
    return own | _roots(told.get("sql")) | _roots(spread.get("over"))


@cache
def _roots(text: str | None) -> set[str]:
    """Columns that a condition or an expression in SQL is made of."""
    return set(pl.sql_expr(text).meta.root_names()) if text else set()


@cache
def presets() -> tuple[Preset, ...]:
    """Read all presets, those with the most headers first."""
    found = [unique_yaml.read(path) for path in sorted(FOLDER.glob("*.yaml"))]
    made = [_made(one) for one in found]
    return tuple(sorted(made, key=lambda one: -max(map(len, one.recognised_by))))


def _made(one: dict[str, Any]) -> Preset:
    sets = one["recognised_by"]
    listed = sets if isinstance(sets[0], list) else [sets]
    known = tuple(frozenset(names) for names in listed)
    return Preset(**one | {"recognised_by": known, "look_at": tuple(one["look_at"])})


def preset_of(file: File) -> Preset | None:
    """Find the preset whose headers a file has, all of one of its sets."""
    names = {column.name for column in file.columns} | set(file.unrolled)
    return next((one for one in presets() if _is_of(names, one.recognised_by)), None)


def _is_of(names: set[str], known: Iterable[frozenset[str]]) -> bool:
    return any(names.issuperset(one) for one in known)
