"""Columns of another source, brought in beside a source's own."""

import polars as pl

from training.sources.mapping.cell_spec import Cell
from training.sources.mapping.source_spec import Join
from training.sources.reading.cell_types import TIME, as_text, typed
from training.sources.reading.files import FILE, ROW
from training.sources.reading.sql import check_present, expression

KEY, ORDER = "_key_", "_order"


def joined(
    frame: pl.LazyFrame, there: pl.LazyFrame, join: Join, place: str, file: str, as_own: bool = False
) -> pl.LazyFrame:
    """Return ``frame`` with the columns of ``there``; no row is lost or doubled.

    Parameters
    ----------
    as_own
        Whether columns keep their names, those aside that ``frame`` has; else each has the join's prefix.

    Raises
    ------
    ValueError
        A column that is missing on either side, or keys that name several rows.
    """
    if join.where:
        there = there.filter(expression(join.where, there, f"{place}.where", join.source))
    check_present([*join.on, *(join.latest or {})], frame, place, file)
    check_present([*join.on.values(), *(join.latest or {}).values()], there, place, join.source)
    if join.sum or join.last:
        there = _one_each(there, join, place)
    keys = [f"{KEY}{number}" for number in range(len(join.on))]
    names = named(frame, there, join, as_own)
    other = (
        _keyed(there.drop(ROW, FILE, strict=False), list(join.on.values()), keys)
        .select(*keys, *names)
        .rename(names)
    )
    frame = _keyed(frame, list(join.on), keys)
    if join.latest is None:
        _refuse_doubles(other, keys, place, join)
        return frame.join(other, on=keys, how="left", maintain_order="left").drop(keys)
    return _latest(frame, other, join, keys, names).drop(keys)


def _one_each(there: pl.LazyFrame, join: Join, place: str) -> pl.LazyFrame:
    """One row a key: numbers added up, other columns those of the newest row."""
    keys = list(join.on.values())
    told = [cell.column for cell in (*join.sum.values(), join.by) if cell and cell.column]
    check_present([*told, *join.last.values()], there, place, join.source)
    kinds = there.collect_schema()
    made = {name: _value(cell, kinds, pl.Float64()) for name, cell in join.sum.items()}
    time = _value(join.by, kinds, TIME) if join.by else pl.lit(None, TIME)
    columns = [value.alias(name) for name, value in made.items()]
    columns += [pl.col(column).alias(name) for name, column in join.last.items()]
    named = [as_text(pl.col(key), kinds[key]).alias(key) for key in keys]
    rows = there.select(*named, time.alias(KEY), *columns).sort(KEY, nulls_last=False, maintain_order=True)
    return rows.group_by(keys, maintain_order=True).agg(pl.col([*made]).sum(), pl.col([*join.last]).last())


def _value(cell: Cell, kinds: pl.Schema, wanted: pl.DataType) -> pl.Expr:
    column = str(cell.column)
    return typed(cell, pl.col(column), kinds[column], wanted, "UTC").value


def named(frame: pl.LazyFrame, there: pl.LazyFrame, join: Join, as_own: bool) -> dict[str, str]:
    """Say how the columns of ``there`` are called beside those of ``frame``."""
    own = set(frame.collect_schema().names())
    found = [name for name in there.collect_schema().names() if name not in (ROW, FILE)]
    if join.sum or join.last:
        return {name: name for name in (*join.sum, *join.last)}
    if not as_own:
        return {name: f"{join.prefix}_{name}" for name in found}
    return named_beside(own, [name for name in found if name not in join.on.values()], join.prefix)


def named_beside(own: set[str], names: list[str], prefix: str) -> dict[str, str]:
    """Say how further columns are called: as they are, with a prefix where that name is taken."""
    taken, found = own | set(names), {}
    for name in names:
        called = name
        while called in own or (called != name and called in taken):
            called = f"{prefix}_{called}"
        found[name] = called
        taken.add(called)
    return found


def _keyed(frame: pl.LazyFrame, columns: list[str], keys: list[str]) -> pl.LazyFrame:
    kinds = frame.collect_schema()
    return frame.with_columns(
        as_text(pl.col(column), kinds[column]).alias(key) for column, key in zip(columns, keys, strict=True)
    )


def _refuse_doubles(other: pl.LazyFrame, keys: list[str], place: str, join: Join) -> None:
    doubles = other.select(keys).drop_nulls().filter(pl.struct(keys).is_duplicated()).collect()
    if doubles.height:
        names = list(join.on.values())
        raise ValueError(
            f"{place}: {doubles.height} rows of {join.source} share their {names}; allowed is one row each "
            "(or say `latest:`)"
        )


def _latest(
    frame: pl.LazyFrame, other: pl.LazyFrame, join: Join, keys: list[str], names: dict[str, str]
) -> pl.LazyFrame:
    ((here, column),) = (join.latest or {}).items()
    there = names[column]
    left = frame.with_row_index(ORDER).sort(here, maintain_order=True)
    right = other.drop_nulls(there).sort(there, maintain_order=True)
    found = left.join_asof(
        right,
        left_on=here,
        right_on=there,
        by=keys,
        strategy="backward",
        coalesce=False,
        check_sortedness=False,
    )
    return found.sort(ORDER).drop(ORDER)
