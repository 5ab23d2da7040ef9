"""The only point-in-time join.

Training asks for many moments, the service for one row and now; both come through here. The
expressions are narwhals', so ``spine`` and ``tables`` may be Polars, DuckDB or PySpark frames.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw

from features.cumulative import CumulativeGroup, cumulated
from features.feature import FEED_END, Feature, Group, Selection
from features.masks import SharedMasks

SPINE = ("row_id", "as_of", FEED_END)
KNOWN = nw.col("known_time") < nw.col("as_of")
AGE = nw.col("as_of") - nw.col("event_time")


def compute(spine: Any, tables: Mapping[str, Any], groups: Iterable[Group]) -> Any:
    """Return features of every row of the spine, from what was known before its as-of moment.

    A row of a table counts if ``known_time < as_of``: rows at or after the moment never do, nor
    rows that happened before but were recorded later.

    Parameters
    ----------
    spine
        ``row_id`` (unique integer), ``as_of`` (seconds since the epoch, UTC), the key columns of
        the groups, and the columns that groups without a table read; perhaps ``known_until`` (seconds):
        where the tables stopped being fed, so that nothing recorded at or after it is known.
    tables
        Frames of the same engine, by name, as ingest writes them.
    groups
        What to compute. A group whose table is absent is refused with a ``KeyError``.

    Returns
    -------
    A frame of the same engine: ``row_id`` and one column a feature, one row a row of the spine,
    in no particular order. Numbers are 64-bit floats; unknown is null.
    """
    groups = tuple(groups)
    asked = nw.from_native(spine)
    given = [feature for group in groups if group.table is None for feature in group.features]
    out = asked.select("row_id", *(plain(feature) for feature in given))
    seen = nw.col(FEED_END if FEED_END in asked.collect_schema().names() else "as_of")
    for (name, key), sharing in sources(groups).items():
        known = _known(asked, nw.from_native(tables[name]), key, sharing, seen)
        out = out.join(_aggregated(known, sharing), on="row_id", how="left")
    for group in groups:
        if isinstance(group, CumulativeGroup):
            out = out.join(cumulated(asked, tables, group, seen), on="row_id", how="left")
    every = [feature for group in groups for feature, _ in group.expanded()]
    if counted := [filled(f, nw.col(f.name)) for f in every if f.empty is not None]:
        out = out.with_columns(*counted)
    return out.select("row_id", *(column for group in groups for column in columns_of(group))).to_native()


def sources(groups: Iterable[Group]) -> dict[tuple[str, str], list[Group]]:
    """Return groups by table and key: those that read the same rows are computed in one pass."""
    found: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        if group.table is not None and not isinstance(group, CumulativeGroup):
            found.setdefault((group.table, group.key), []).append(group)
    return found


def _known(asked: Any, table: Any, key: str, groups: Iterable[Group], seen: nw.Expr) -> Any:
    """The rows of each row of the spine that were known by then, with what the groups make of each."""
    known = asked.join(_but(table, SPINE), on=key, how="inner")
    known = known.filter(KNOWN & (nw.col("known_time") < seen))
    known = known.with_columns(age=AGE)
    for name, value in made_of_rows(groups).items():
        known = known.with_columns(value.alias(name))
    return known


def made_of_rows(groups: Iterable[Group]) -> dict[str, nw.Expr]:
    """Return what groups over the same rows make of each row, by name; ``ValueError`` where they differ."""
    made: dict[str, nw.Expr] = {}
    for group in groups:
        for name, value in group.rows.items():
            if made.setdefault(name, value) is not value:
                raise ValueError(f"group {group.name}: rows[{name!r}] means something else in another group")
    return made


def _aggregated(known: Any, groups: Iterable[Group]) -> Any:
    shared = SharedMasks()
    wanted = aggregates(groups, shared)
    return shared.added(known).group_by("row_id").agg(*wanted)


def aggregates(groups: Iterable[Group], shared: SharedMasks) -> list[nw.Expr]:
    """Return every aggregate of the groups, named; what they ask of rows is collected in ``shared``."""
    pairs = [pair for group in groups for pair in group.expanded()]
    return [_aggregate(feature, Selection(shared).within(days)) for feature, days in pairs]


def columns_of(group: Group) -> list[nw.Expr]:
    """Return the group's part of the result: aggregates as they are, and what is derived from them."""
    kept = [nw.col(feature.name) for feature, _ in group.expanded()]
    return kept + [filled(feature, plain(feature)) for feature in group.derived]


def _number(feature: Feature, value: nw.Expr) -> nw.Expr:
    kind = nw.String if feature.is_category else nw.Float64
    return value.cast(kind).alias(feature.name)


def _aggregate(feature: Feature, rows: Selection) -> nw.Expr:
    if isinstance(feature.expr, nw.Expr):
        raise TypeError(f"feature {feature.name}: over rows it must be a function of the rows")
    return _number(feature, feature.expr(rows))


def plain(feature: Feature) -> nw.Expr:
    """Return a feature that is an expression over columns, named; ``TypeError`` where it is none."""
    if not isinstance(feature.expr, nw.Expr):
        raise TypeError(f"feature {feature.name}: without rows it must be a plain expression")
    return _number(feature, feature.expr)


def filled(feature: Feature, value: nw.Expr) -> nw.Expr:
    """Return what a feature is where there are no rows, put in the place of null."""
    return value if feature.empty is None else value.fill_null(feature.empty)


def _but(table: Any, taken: Iterable[str]) -> Any:
    return table.drop(*taken, strict=False)
