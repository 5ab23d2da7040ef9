"""Columns of another source, brought in beside a source's own."""

import polars as pl

from training.sources.mapping.source_spec import Join
from training.sources.reading.cell_types import as_text
from training.sources.reading.files import FILE, ROW
from training.sources.reading.sql import check_present, expression

KEY, ORDER = "_key_", "_order"


def joined(frame: pl.LazyFrame, there: pl.LazyFrame, join: Join, place: str, file: str) -> pl.LazyFrame:
    """``frame`` with the columns of ``there``, prefixed; no row is lost or doubled.

    Raises
    ------
    ValueError
        A column that is missing on either side, or keys that name several rows.
    """
    if join.where:
        there = there.filter(expression(join.where, there, f"{place}.where", join.source))
    check_present([*join.on, *(join.latest or {})], frame, place, file)
    check_present([*join.on.values(), *(join.latest or {}).values()], there, place, join.source)
    keys = [f"{KEY}{number}" for number in range(len(join.on))]
    frame = _keyed(frame, list(join.on), keys)
    other = _keyed(there.drop(ROW, FILE), list(join.on.values()), keys)
    other = other.rename(lambda name: name if name.startswith(KEY) else f"{join.prefix}_{name}")
    if join.latest is None:
        _refuse_doubles(other, keys, place, join)
        return frame.join(other, on=keys, how="left", maintain_order="left").drop(keys)
    return _latest(frame, other, join, keys).drop(keys)


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


def _latest(frame: pl.LazyFrame, other: pl.LazyFrame, join: Join, keys: list[str]) -> pl.LazyFrame:
    ((here, column),) = (join.latest or {}).items()
    there = f"{join.prefix}_{column}"
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
