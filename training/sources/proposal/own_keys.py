"""Whose rows a file has: the column whose values are ids that a table placed before has, too."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from features.own_tables import SUBJECTS
from features.personal_keys import normal
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, all_of
from training.sources.proposal.mapping_keys import Cell, CellKeys, Cells, SourceKeys, Tables, full, short
from training.sources.proposal.name_patterns import means
from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import plain_name

NAMED, TELLING = 0.5, 0.9  # of a column's ids must be known: where its name says so, and where only they do
FEW_IDS, SHORT = 20, 4  # short or few ids meet by chance


@dataclass(frozen=True)
class Ids:
    """Ids that a table has.

    Parameters
    ----------
    name
        Column of the contract, or of another own table, that holds them.
    table, column
        Where the second hop finds them.
    heads
        Names of the columns that they were read from.
    cell
        How they are made of a column.
    values
        All different ones, personal data written in one way.
    """

    name: str
    table: str
    column: str
    heads: frozenset[str]
    cell: CellKeys
    values: pl.Series


@dataclass(frozen=True)
class Key:
    """The column by which rows are somebody's, how many of its ids are known, and of which ids."""

    column: Column
    ids: Ids
    known: int
    distinct: int

    @property
    def share(self) -> float:
        """Return the share of the ids that are known."""
        return self.known / self.distinct

    @property
    def named(self) -> bool:
        """Tell whether the column's name says it, too."""
        return _is_named(self.column.name, self.ids)

    @property
    def is_telling(self) -> bool:
        """Tell whether so many ids are known that they do not meet by chance."""
        return self.share >= (NAMED if self.named else TELLING) and (self.named or self.distinct >= FEW_IDS)

    @property
    def cell(self) -> Cell:
        """How the key is made: as where its ids are known from."""
        return short({"column": self.column.name, **self.ids.cell})


def placed(tables: Tables, sources: Mapping[str, SourceKeys], files: Mapping[str, File]) -> list[Ids]:
    """Return the ids of all tables of the contract that a proposal has, one entry a table and id.

    Parameters
    ----------
    sources, files
        By the source's name: its keys in the mapping, and the file.
    """
    found: dict[tuple[str, str], Ids] = {}
    for table, parts in tables.items():
        for part in parts:
            file, fields = files[part["source"]], sources[part["source"]].get("fields", {})
            for name, given in part["columns"].items():
                made = _made(given, fields, file) if name.endswith("_id") else None
                if made is not None:
                    there = _ids(table, name, file, *made)
                    before = found.get((table, name))
                    found[table, name] = there if before is None else _both(before, there)
    return _of_anybody(found.values())


def _of_anybody(found: Iterable[Ids]) -> list[Ids]:
    """The same, subjects' ids of all tables together: an own table need not meet one table alone."""
    rest: list[Ids] = []
    whole: dict[str, Ids] = {}
    for ids in found:
        if ids.name in SUBJECTS:
            whole[ids.name] = _both(whole[ids.name], ids) if ids.name in whole else ids
        else:
            rest.append(ids)
    return [*(whole[name] for name in SUBJECTS if name in whole), *rest]


def _both(one: Ids, other: Ids) -> Ids:
    values = pl.concat([one.values, other.values]).unique()
    return Ids(one.name, one.table, one.column, one.heads | other.heads, one.cell, values)


def _made(given: Cell, fields: Cells, file: File) -> tuple[str, CellKeys] | None:
    """The column that a cell reads and whose ids it makes, where it is one column of the file."""
    cell = full(given)
    name = str(cell.get("column"))
    there = {column.name for column in file.columns}
    if name in fields and name not in there:
        return _made(fields[name] | _identity(cell), {}, file)
    return (name, _identity(cell)) if name in there else None


def _identity(cell: CellKeys) -> CellKeys:
    """How personal data become an id."""
    made: CellKeys = {"hash": cell["hash"]} if "hash" in cell else {}
    return made | ({"country": cell["country"]} if "country" in cell else {})


def _ids(table: str, name: str, file: File, head: str, cell: CellKeys) -> Ids:
    return Ids(name, table, name, frozenset({head}), cell, values(file, head, cell))


def values(file: File, head: str, cell: CellKeys) -> pl.Series:
    """Return the different ids of a column; personal data are written in one way."""
    frame = all_of(file, [head])
    text = frame.select(as_text(pl.col(head), frame.schema[head])).to_series().drop_nulls().unique()
    if "hash" not in cell:
        return text
    plain = [normal(cell["hash"], one, cell.get("country")) for one in text]
    return pl.Series(plain, dtype=pl.String).drop_nulls().unique()


def shared(mine: pl.Series, theirs: pl.Series) -> int:
    """Count the ids that are among others."""
    return int(mine.is_in(theirs.implode()).sum())


def keys(file: File, known: Iterable[Ids]) -> Iterator[Key]:
    """Yield what columns of a file may be keys of, the likeliest first of those of each kind of id."""
    columns = [c for c in file.columns if c.kind in ("text", "number") and not c.decimals and c.distinct > 1]
    for ids in known:
        found = [key for column in columns if (key := _key(file, column, ids)) is not None]
        yield from sorted(found, key=lambda key: (-key.named, -key.share, -key.distinct))


def _key(file: File, column: Column, ids: Ids) -> Key | None:
    mine = values(file, column.name, ids.cell)
    if not len(mine) or not (_is_named(column.name, ids) or _are_long(mine)):
        return None
    return Key(column, ids, shared(mine, ids.values), len(mine))


def _are_long(ids: pl.Series) -> bool:
    """Whether ids are no small numbers, which meet by chance."""
    small = ids.str.contains(rf"^\d{{1,{SHORT - 1}}}$").sum()
    return bool(small < len(ids) / 2)


def _is_named(name: str, ids: Ids) -> bool:
    plain = plain_name(name)
    alike = plain in {plain_name(head) for head in ids.heads}
    return alike or means(name, ids.name)
