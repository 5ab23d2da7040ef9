"""Second hops through what the contract has no column for: the store of an order, the agent of a ticket."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from features.own_tables import SUBJECTS
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import Cell, OwnColumnKeys, OwnTableKeys, PartKeys, Tables, full
from training.sources.proposal.own_keys import Ids, values
from training.sources.proposal.own_words import free, slug, words
from training.sources.reading.money_columns import plain_name


@dataclass(frozen=True)
class Way:
    """A column that no table of the contract took, and the own table that would lead through it."""

    ids: Ids
    table: OwnTableKeys


def ways(tables: Tables, files: Mapping[str, File], taken: Collection[str]) -> Iterator[Way]:
    """Yield columns that no table of the contract took, of files whose rows are somebody's at a time.

    Parameters
    ----------
    tables, files
        Parts by table, and the file of each source.
    taken
        Names of own tables that are given already.
    """
    for parts in tables.values():
        for part in parts:
            columns, file = part["columns"], files[part["source"]]
            owner = next((name for name in SUBJECTS if name in columns), None)
            if owner is not None and "column" in full(columns["occurred_at"]):
                yield from (_way(file, part, owner, column, taken) for column in _left(file, columns))


def _left(file: File, columns: Mapping[str, Cell]) -> Iterator[Column]:
    used = {full(cell).get("column") for cell in columns.values()}
    for column in file.columns:
        plain = column.kind in ("text", "number") and not column.decimals and not column.is_unique
        if plain and column.name not in used and column.distinct > 1:
            yield column


def _way(file: File, part: PartKeys, owner: str, column: Column, taken: Collection[str]) -> Way:
    called, plain = words("columns", column.name), plain_name(column.name)
    name = free(f"{slug(part['source'])}_{called.name or 'ways'}"[:38].strip("_"), taken, "ways")
    heads = frozenset({column.name, f"{plain}_id", plain.removesuffix("_id")})
    field = called.name or "named"
    ids = Ids(field, name, field, heads, {}, values(file, column.name, {}))
    rows = words("tables", part["source"])
    where: OwnTableKeys = {"where": part["where"]} if "where" in part else {}
    unit: OwnColumnKeys = {"cell": column.name, "unit": "id", "en": called.en, "zh": called.zh}
    table: OwnTableKeys = {
        "en": f"{rows.en} by {called.en}",
        "zh": f"{rows.zh}（{called.zh}）",
        "source": part["source"],
        **where,
        "key": {owner: part["columns"][owner]},
        "occurred_at": part["columns"]["occurred_at"],
        "columns": {field: unit},
    }
    return Way(ids, table)
