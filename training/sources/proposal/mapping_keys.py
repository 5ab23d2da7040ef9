"""What a proposal writes: the keys of a mapping file, in the order and shortness in which they will stand."""

from collections.abc import Mapping
from typing import TypedDict

from features.personal_keys import Kind

Value = str | int | float | bool | None


class SpreadKeys(TypedDict, total=False):
    """Keys of an amount that is split over lines, see ``cell_spec.Spread``."""

    by: str
    over: str


class CellKeys(TypedDict, total=False):
    """Keys of a cell, see ``cell_spec.Cell``."""

    column: str
    value: Value
    sql: str
    entry: str
    map: Mapping[str, Value]
    other: Value
    format: str | list[str]
    time_zone: str
    since: str
    unit: str | None
    decimal: str
    spread: SpreadKeys
    hash: Kind
    country: str
    times: float


Cell = str | CellKeys  # a bare text is short for its column
Cells = dict[str, CellKeys]


class PartKeys(TypedDict, total=False):
    """Keys of a part of a table, see ``mapping_file.Part``."""

    source: str
    keep: str
    where: str
    columns: dict[str, Cell]
    attributes: list[str]


Tables = dict[str, list[PartKeys]]


class FillDownKeys(TypedDict):
    """Keys of what stands on the first line of an order only, see ``source_spec.FillDown``."""

    by: str
    columns: list[str]


class LinesKeys(TypedDict, total=False):
    """Keys of how an order becomes a row a product, see ``source_spec.Lines``."""

    columns: dict[str, list[str]]
    json: str
    fields: dict[str, str]
    split: dict[str, str]
    between: str
    form: str


class NewestKeys(TypedDict):
    """Keys of which rows count that stand in several files, see ``source_spec.Newest``."""

    by: list[str]
    time: Cell


class JoinRule(TypedDict, total=False):
    """Keys of a join beside what it joins: which rows of the other source become one, and how."""

    where: str
    sum: Cells
    last: dict[str, str]
    by: Cell


_Joined = TypedDict("_Joined", {"source": str, "as": str, "on": dict[str, str]})


class JoinKeys(_Joined, JoinRule):
    """Keys of a join, see ``source_spec.Join``."""


class SourceKeys(TypedDict, total=False):
    """Keys of a source, see ``source_spec.Source``."""

    file: str | list[str]
    url: str
    table: str
    format: str
    encoding: str
    sep: str
    header: int | list[int]
    text_marks: bool
    sheet: str
    empty: list[str]
    fill_down: FillDownKeys
    lines: LinesKeys
    newest: NewestKeys
    join: list[JoinKeys]
    fields: dict[str, CellKeys]


class OwnColumnKeys(TypedDict, total=False):
    """Keys of a column of a brand's own table, see ``own_table_spec.OwnCell``."""

    cell: Cell
    unit: str
    en: str
    zh: str
    rated_by: str


class OwnTableKeys(TypedDict, total=False):
    """Keys of a brand's own table, see ``own_table_spec.OwnPart``."""

    en: str
    zh: str
    source: str
    where: str
    key: dict[str, Cell]
    through: dict[str, str]
    occurred_at: Cell
    recorded_at: Cell
    ends_at: Cell
    cancelled_at: Cell
    renews_days: Cell
    columns: dict[str, OwnColumnKeys]


OwnTables = dict[str, OwnTableKeys]


def short(cell: CellKeys) -> Cell:
    """Write a cell that is nothing but a column as its name.

    Examples
    --------
    >>> short({"column": "sku"}), short({"value": 1})
    ('sku', {'value': 1})
    """
    return cell["column"] if set(cell) == {"column"} else cell


def full(cell: Cell) -> CellKeys:
    """Write out a cell that may be short for its column."""
    return {"column": cell} if isinstance(cell, str) else cell
