"""The only point-in-time join.

Training asks for many moments, the service for one row and now; both come through here. The
expressions are narwhals', so ``spine`` and ``tables`` may be Polars, DuckDB or PySpark frames.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw

from features.feature import Feature, Group, Rows

SPINE = ("row_id", "as_of")


def compute(spine: Any, tables: Mapping[str, Any], groups: Iterable[Group]) -> Any:
    """Features of every row of the spine, from what was known before its as-of moment.

    A row of a table counts if ``known_time < as_of``: rows at or after the moment never do, nor
    rows that happened before but were recorded later.

    Parameters
    ----------
    spine
        ``row_id`` (unique integer), ``as_of`` (seconds since the epoch, UTC), the key columns of
        the groups, and the columns that groups without a table read.
    tables
        Frames of the same engine, by name, as ingest writes them.
    groups
        What to compute. A group whose table is absent is refused with a ``KeyError``.

    Returns
    -------
    A frame of the same engine: ``row_id`` and one column a feature, one row a row of the spine,
    in no particular order. Numbers are 64-bit floats; unknown is null.
    """
    asked = nw.from_native(spine)
    out = asked.select("row_id")
    for group in groups:
        if group.table is None:
            found = asked.select("row_id", *(_plain(f) for f in group.features))
        else:
            found = _aggregated(asked, nw.from_native(tables[group.table]), group)
        out = out.join(found, on="row_id", how="left")
        out = _filled(out, [feature for feature, _ in group.expanded()])
        for feature in group.derived:  # one by one, since one may build on another
            out = _filled(out.with_columns(_plain(feature)), [feature])
    return out.to_native()


def _aggregated(asked: Any, table: Any, group: Group) -> Any:
    known = asked.join(_but(table, SPINE), on=group.key, how="inner").filter(
        nw.col("known_time") < nw.col("as_of")
    )
    known = known.with_columns(age=nw.col("as_of") - nw.col("event_time"))
    for name, value in group.rows.items():
        known = known.with_columns(value.alias(name))
    return known.group_by("row_id").agg(*(_aggregate(feature, days) for feature, days in group.expanded()))


def _number(feature: Feature, value: nw.Expr) -> nw.Expr:
    kind = nw.String if feature.is_category else nw.Float64
    return value.cast(kind).alias(feature.name)


def _aggregate(feature: Feature, days: int | None) -> nw.Expr:
    if isinstance(feature.expr, nw.Expr):
        raise TypeError(f"feature {feature.name}: over rows it must be a function of the rows")
    return _number(feature, feature.expr(Rows().within(days)))


def _plain(feature: Feature) -> nw.Expr:
    if not isinstance(feature.expr, nw.Expr):
        raise TypeError(f"feature {feature.name}: without rows it must be a plain expression")
    return _number(feature, feature.expr)


def _filled(frame: Any, features: list[Feature]) -> Any:
    filled = [nw.col(f.name).fill_null(f.empty) for f in features if f.empty is not None]
    return frame.with_columns(*filled) if filled else frame


def _but(table: Any, taken: Iterable[str]) -> Any:
    return table.drop(*taken, strict=False)
