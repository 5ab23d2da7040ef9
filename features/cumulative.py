"""Totals so far of rows that many subjects share, in one pass in order of time.

A join of every question with every row that it shares (of everybody, of one store) grows with their
product. Here rows and questions are put in one order, totals run along it, and each question reads them
where it stands: the work grows with the sum. A window is the difference of two readings, so rows count
by when they were recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw

from features.feature import DAY, Group

NEVER = 0  # seconds: before all rows
NEWEST = "newest"  # when the newest of the rows happened, beside their totals
EVERY = "everybody"


@dataclass(frozen=True)
class Totals:
    """The totals of one window: ``totals["amount"]`` is a plain column, empty where there are no rows."""

    days: int | None

    def days_since(self) -> nw.Expr:
        """Return days since the newest row."""
        return (nw.col("as_of") - nw.col(NEWEST)) / DAY

    def __getitem__(self, name: str) -> nw.Expr:
        return nw.col(column(name, self.days))


@dataclass(frozen=True)
class CumulativeGroup(Group):
    """Features from totals of rows that are no subject's own.

    ``features`` are functions of ``Totals``; ``derived`` are as of any group. ``key`` is the column of the
    spine that leads to the rows.

    Parameters
    ----------
    totals
        Numbers to be summed, one expression a row each; empty counts as nothing.
    link
        The column by which rows belong together; None: all of them do.
    hop
        Table and column in which the subject's newest row names the link; None: the spine has the link.
    """

    totals: Mapping[str, nw.Expr] = field(default_factory=dict)
    link: str | None = None
    hop: tuple[str, str] | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables that it reads."""
        return (*super().reads, *(() if self.hop is None else self.hop[:1]))


def column(name: str, days: int | None) -> str:
    """Return the column of one total in one window."""
    return f"total_{name}" if days is None else f"total_{name}_{days}"


def cumulated(asked: Any, tables: Mapping[str, Any], group: CumulativeGroup, seen: nw.Expr) -> Any:
    """Return the features of one group for every row of the spine that has any rows to read: narwhals frames.

    Parameters
    ----------
    seen
        The moment from which on nothing is known, an expression over the spine.
    """
    assert group.table is not None
    rows = _rows(nw.from_native(tables[group.table]), group)
    asks = _asks(asked, tables, group, seen)
    order, within = ("at", "turn"), (EVERY,)
    together = nw.concat([asks.select(rows.columns), rows], how="vertical")
    running = together.with_columns(
        *(nw.col(name).cum_sum().over(*within, order_by=order) for name in group.totals),
        newest=nw.col(NEWEST).cum_max().over(*within, order_by=order),
    )
    read = running.filter(nw.col("turn") == 0).group_by("row_id").agg(*_readings(group))
    moments = asked.select("row_id", "as_of")
    kept = read.filter(nw.col(NEWEST) > NEVER).join(moments, on="row_id", how="inner")
    kept = kept.with_columns(*_differences(group))
    return kept.select("row_id", *_features(group))


def _rows(table: Any, group: CumulativeGroup) -> Any:
    """The rows in the shape in which they are put among the questions."""
    link = nw.lit(EVERY) if group.link is None else nw.col(group.link)
    rows = table.filter(~link.is_null()) if group.link else table
    return rows.select(
        row_id=nw.lit(0).cast(nw.Int64),
        days=nw.lit(0).cast(nw.Int64),
        turn=nw.lit(1).cast(nw.Int64),
        at=nw.col("known_time").cast(nw.Int64),
        newest=nw.col("event_time").cast(nw.Int64),
        **{EVERY: link.cast(nw.String)},
        **{name: value.cast(nw.Float64).fill_null(0.0) for name, value in group.totals.items()},
    )


def _asks(asked: Any, tables: Mapping[str, Any], group: CumulativeGroup, seen: nw.Expr) -> Any:
    """Every question once for each moment at which it reads: its own, and the start of each window."""
    linked = asked if group.hop is None else _linked(asked, tables, group, seen)
    link = nw.lit(EVERY) if group.link is None else nw.col(group.link)
    linked = linked.filter(~link.is_null()) if group.link else linked

    def ask(days: int) -> Any:
        start = nw.min_horizontal(nw.col("as_of") - days * DAY, seen)
        return linked.select(
            row_id=nw.col("row_id").cast(nw.Int64),
            days=nw.lit(days).cast(nw.Int64),
            turn=nw.lit(0).cast(nw.Int64),
            at=start.cast(nw.Int64),
            newest=nw.lit(NEVER).cast(nw.Int64),
            **{EVERY: link.cast(nw.String)},
            **{name: nw.lit(0.0) for name in group.totals},
        )

    return nw.concat([ask(days) for days in (0, *group.windows)], how="vertical")


def _linked(asked: Any, tables: Mapping[str, Any], group: CumulativeGroup, seen: nw.Expr) -> Any:
    """The spine with the link that the subject's newest known row names; the greatest of equally new ones."""
    assert group.link is not None
    assert group.hop is not None
    name, named_in = group.hop
    link = nw.col(named_in).alias(group.link)
    wanted = nw.from_native(tables[name]).select(group.key, link, "event_time", "known_time")
    wanted = wanted.filter(~nw.col(group.link).is_null())
    spine = asked.select("row_id", group.key, "as_of", known_until=seen)
    known = spine.join(wanted, on=group.key, how="inner").filter(
        (nw.col("known_time") < nw.col("as_of")) & (nw.col("known_time") < nw.col("known_until"))
    )
    newest = known.with_columns(newest_time=nw.col("event_time").max().over("row_id"))
    links = newest.filter(nw.col("event_time") == nw.col("newest_time"))
    named = links.group_by("row_id").agg(nw.col(group.link).max())
    return spine.select("row_id", "as_of", "known_until").join(named, on="row_id", how="inner")


def _readings(group: CumulativeGroup) -> list[nw.Expr]:
    """Each total at each moment, side by side."""
    found: list[nw.Expr] = [nw.when(nw.col("days") == 0).then(nw.col(NEWEST)).max().alias(NEWEST)]
    for days in (None, *group.windows):
        here = nw.col("days") == (days or 0)
        found += [nw.when(here).then(nw.col(name)).max().alias(column(name, days)) for name in group.totals]
    return found


def _differences(group: CumulativeGroup) -> list[nw.Expr]:
    """What came since the start of each window."""
    return [
        (nw.col(column(name, None)) - nw.col(column(name, days))).alias(column(name, days))
        for days in group.windows
        for name in group.totals
    ]


def _features(group: CumulativeGroup) -> list[nw.Expr]:
    return [
        feature.expr(Totals(days)).cast(nw.Float64).alias(feature.name)  # type: ignore[operator, arg-type]
        for feature, days in group.expanded()
    ]
