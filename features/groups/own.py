"""A brand's own tables as features by rule: the same vocabulary for every table, whatever it is about.

Names are ``own_<table>__<aggregate>`` and ``own_<table>__<column>__<aggregate>``, with the window at the
end, so that what is told of one column belongs together.
"""

from collections.abc import Callable, Iterable, Iterator

import narwhals as nw

from features.cumulative import CumulativeGroup, Totals
from features.feature import DAY, Feature, Group, Selection
from features.groups import contracts
from features.groups.purchases import pauses, ratio, spread
from features.own_tables import EVERYBODY, TONE, OwnColumn, OwnTable, slugs

NEWEST_AGE = nw.col("age").min().over("row_id")
GAP_HOURS = nw.col("event_time").diff().over("row_id", order_by="event_time") // 3600
PLACE = nw.col("age").rank("min").over("row_id")  # 1 is the newest; of equally new ones, all
ASKED = nw.col("as_of")
COUNTED = "entries"
Take = Callable[[Selection, str], nw.Expr]
# fmt: off
AGGREGATES: tuple[tuple[str, Take, str, str], ...] = (
    ("sum", lambda rows, column: rows[column].sum(), "sum of", "合计"),
    ("mean", lambda rows, column: rows[column].mean(), "mean", "均值"),
    ("min", lambda rows, column: rows[column].min(), "lowest", "最小值"),
    ("max", lambda rows, column: rows[column].max(), "highest", "最大值"),
)
SUMLESS = ("share", "percent", "ratio", TONE)  # units of which a sum means nothing


def own_groups(described: Iterable[OwnTable], keys: Iterable[str]) -> tuple[Group, ...]:
    """Return the groups of those tables that a task can read whose subjects have these keys.

    Parameters
    ----------
    keys
        Columns of the task's spine by which rows are joined.
    """
    allowed = set(keys)
    return tuple(
        own_group(one)
        for one in described
        if one.key == EVERYBODY or (one.through.key if one.through else one.key) in allowed
    )


def own_group(table: OwnTable) -> Group:
    """Return the features of one table: over the subject's rows, or over rows that subjects share."""
    return _direct(table) if table.is_direct else _shared(table)


def _direct(table: OwnTable) -> Group:
    conditions = {n: nw.col("place") <= n for n in table.latest}
    features = [*_counts(table)]
    for column in table.columns:
        features += _features(table, column, conditions)
    features += _endings(table) if table.has_end else []
    truths = {name: value for column in table.columns for name, value, *_ in _truths(column)}
    made = {"newest_age": NEWEST_AGE, "gap_hours": GAP_HOURS, "place": PLACE}
    if table.is_contracts:
        features += contracts.endings(table)
        made |= contracts.ROWS
    return Group(
        name=table.stored,
        table=table.stored,
        key=table.key,
        en=table.en,
        zh=table.zh,
        windows=table.windows,
        features=tuple(features),
        derived=tuple(_derived(table)),
        rows=made | truths,
        described=table,
    )


def _counts(table: OwnTable) -> Iterator[Feature]:
    """How many rows, how long ago, and in which rhythm."""
    name, en, zh = table.stored, table.en, table.zh
    yield Feature(f"{name}__count_{{days}}d", lambda r: r.count(), COUNTED, f"{en} in the last {{days}} days", f"近 {{days}} 天{zh}数", 0)
    yield Feature(f"{name}__count", lambda r: r.count(), COUNTED, f"{en} so far", f"累计{zh}数", 0)
    yield Feature(f"{name}__days_since", lambda r: r.days_since(), "days", f"days since the newest of {en}", f"距最近一条{zh}天数")
    yield Feature(f"{name}__days_since_first", lambda r: r["age"].max() / DAY, "days", f"days since the first of {en}", f"距首条{zh}天数")
    yield Feature(f"{name}__gap_mean_days", lambda r: ratio(pauses(r)["gap_hours"].sum(), pauses(r)["gap_hours"].count()) / 24, "days", f"mean time between {en}", f"{zh}平均间隔天数")
    yield Feature(f"{name}__gap_std_days", spread, "days", f"spread of the time between {en}", f"{zh}间隔的波动天数")


def _features(table: OwnTable, column: OwnColumn, latest: dict[int, nw.Expr]) -> Iterator[Feature]:
    """What one column says."""
    if column.kind in ("category", "id"):
        yield from _texts(table, column)
    else:
        yield _last(table, column, column.unit)
    if column.kind == "number":
        for aggregate in AGGREGATES:
            if aggregate[0] != "sum" or column.unit not in SUMLESS:
                yield from _windowed(table, column, aggregate)
        yield from (_newest_mean(table, column, n, where) for n, where in latest.items())
    for name, _, en, zh in _truths(column):
        yield from _shares(table, name, en, zh, latest)


def _windowed(table: OwnTable, column: OwnColumn, aggregate: tuple[str, Take, str, str]) -> Iterator[Feature]:
    """One aggregate of a number in every window, and so far."""
    word, take, en, zh = aggregate
    name = f"{table.stored}__{column.name}__{word}"

    def expr(rows: Selection) -> nw.Expr:
        return take(rows, column.stored)

    yield Feature(f"{name}_{{days}}d", expr, column.unit, f"{en} {column.en}, {table.en} in the last {{days}} days", f"近 {{days}} 天{table.zh}的{column.zh}{zh}")
    yield Feature(name, expr, column.unit, f"{en} {column.en}, {table.en} so far", f"累计{table.zh}的{column.zh}{zh}")


def _newest_mean(table: OwnTable, column: OwnColumn, n: int, where: nw.Expr) -> Feature:
    name, words = f"{table.stored}__{column.name}__mean_last{n}", f"mean {column.en}, the newest {n} of {table.en}"
    return Feature(name, lambda r: r.where(where)[column.stored].mean(), column.unit, words, f"最近 {n} 条{table.zh}的{column.zh}均值")


def _last(table: OwnTable, column: OwnColumn, unit: str) -> Feature:
    name, words = f"{table.stored}__{column.name}__last", f"{column.en} of the newest of {table.en}"
    return Feature(name, lambda r: r.last(column.stored), unit, words, f"最近一条{table.zh}的{column.zh}")


def _texts(table: OwnTable, column: OwnColumn) -> Iterator[Feature]:
    """How many different values; of a category also the newest."""
    name = f"{table.stored}__{column.name}__distinct"

    def expr(rows: Selection) -> nw.Expr:
        return rows.distinct(column.stored)

    yield Feature(f"{name}_{{days}}d", expr, "number", f"different values of {column.en}, {table.en} in the last {{days}} days", f"近 {{days}} 天{table.zh}的{column.zh}种数", 0)
    yield Feature(name, expr, "number", f"different values of {column.en}, {table.en} so far", f"累计{table.zh}的{column.zh}种数", 0)
    if column.kind == "category":
        yield _last(table, column, "category")


def _truths(column: OwnColumn) -> Iterator[tuple[str, nw.Expr, str, str]]:
    """What is true or not of a row: name of its column of 1 and 0, how it is made, words."""
    if column.kind == "yes":
        yield f"{column.name}__yes", nw.col(column.stored).cast(nw.Float64), column.en, column.zh
    if column.kind == "category":
        for value, slug in slugs(column.values).items():
            is_value = (nw.col(column.stored) == value).cast(nw.Float64)
            yield f"{column.name}__is_{slug}", is_value, f"{column.en} “{value}”", f"{column.zh}为“{value}”"


def _shares(table: OwnTable, truth: str, en: str, zh: str, latest: dict[int, nw.Expr]) -> Iterator[Feature]:
    """The share of rows of which something is true, and how often it was."""
    name = f"{table.stored}__{truth}"

    def share(rows: Selection) -> nw.Expr:
        return rows[truth].mean()

    yield Feature(f"{name}_share_{{days}}d", share, "share", f"share with {en}, {table.en} in the last {{days}} days", f"近 {{days}} 天{table.zh}中{zh}的占比")
    yield Feature(f"{name}_share", share, "share", f"share with {en}, {table.en} so far", f"累计{table.zh}中{zh}的占比")
    yield Feature(f"{name}_count", lambda r: r[truth].sum(), COUNTED, f"{table.en} with {en} so far", f"累计{table.zh}中{zh}的条数", 0)
    for n, where in latest.items():
        yield _newest_share(table, truth, n, where, en, zh)


def _newest_share(table: OwnTable, truth: str, n: int, where: nw.Expr, en: str, zh: str) -> Feature:
    name, words = f"{table.stored}__{truth}_share_last{n}", f"share with {en}, the newest {n} of {table.en}"
    return Feature(name, lambda r: r.where(where)[truth].mean(), "share", words, f"最近 {n} 条{table.zh}中{zh}的占比")


def _endings(table: OwnTable) -> Iterator[Feature]:
    """What is in force, and when it ends: an end is known before it comes."""
    name, en, zh = table.stored, table.en, table.zh
    ends = nw.col("contract_end" if table.is_contracts else "end_time")
    ended, ending = ends <= ASKED, ends > ASKED
    yield Feature(f"{name}__in_force", lambda r: r.where(ends.is_null() | ending).count(), COUNTED, f"{en} in force", f"有效的{zh}数", 0)
    yield Feature(f"{name}__ended", lambda r: r.where(ended).count(), COUNTED, f"{en} that have ended", f"已到期的{zh}数", 0)
    yield Feature(f"{name}__days_to_end", lambda r: r.where(ending).of(ends - ASKED).min() / DAY, "days", f"days until the next of {en} ends", f"距{zh}最近到期日天数")
    yield Feature(f"{name}__days_since_end", lambda r: r.where(ended).of(ASKED - ends).min() / DAY, "days", f"days since the last of {en} ended", f"距{zh}上次到期天数")


def _derived(table: OwnTable) -> Iterator[Feature]:
    """Rhythm and trend, from what is counted."""
    name, en, zh = table.stored, table.en, table.zh
    usual = ratio(nw.col(f"{name}__days_since"), nw.col(f"{name}__gap_mean_days"))
    yield Feature(f"{name}__overdue_ratio", usual, "ratio", f"time since the newest of {en} over the usual pause", f"距最近一条{zh}时间与平均间隔之比")
    if len(table.windows) < 2:
        return
    short, long = sorted(table.windows)[:2]
    share = ratio(nw.col(f"{name}__count_{short}d"), nw.col(f"{name}__count_{long}d"))
    yield Feature(f"{name}__trend", share, "share", f"share of the last {long} days' {en} that fell in the last {short}", f"近 {long} 天{zh}中近 {short} 天占比")
    for column in table.columns:
        if column.kind == "number":
            mean = f"{name}__{column.name}__mean"
            change = nw.col(f"{mean}_{long}d") - nw.col(mean)
            yield Feature(f"{mean}_change", change, column.unit, f"mean {column.en} of {en} in the last {long} days less that of all so far", f"近 {long} 天{zh}的{column.zh}均值与累计均值之差")


def _shared(table: OwnTable) -> CumulativeGroup:
    """Totals of rows that many subjects share: of everybody, or of what the subject's newest row names."""
    totals: dict[str, nw.Expr] = {"count": nw.lit(1)}
    features = [*_windows_of(table, "count", _count, COUNTED, table.en, f"{table.zh}数", so_far=False)]
    features.append(
        Feature(f"{table.stored}__days_since", lambda t: t.days_since(), "days", f"days since the newest of {table.en}", f"距最近一条{table.zh}天数")
    )
    for name, value, unit, en, zh in _summed(table):
        totals |= {name: value, f"{name}__known": (~value.is_null()).cast(nw.Int64)}
        if unit not in (*SUMLESS, "yes"):
            features += _windows_of(table, f"{name}__sum", _sum(name), unit, f"sum of {en}, {table.en}", f"{table.zh}的{zh}合计", so_far=False)
        unit, kind, word = ("share", "share", "share with") if unit == "yes" else (unit, "mean", "mean")
        told = f"{table.zh}中{zh}的占比" if kind == "share" else f"{table.zh}的{zh}均值"
        features += _windows_of(table, f"{name}__{kind}", _mean(name), unit, f"{word} {en}, {table.en}", told)
    return CumulativeGroup(
        name=table.stored,
        table=table.stored,
        key=table.through.key if table.through else "row_id",
        en=table.en,
        zh=table.zh,
        windows=table.windows,
        features=tuple(features),
        described=table,
        totals=totals,
        link=None if table.key == EVERYBODY else table.key,
        hop=(table.through.table, table.through.column) if table.through else None,
    )


def _summed(table: OwnTable) -> Iterator[tuple[str, nw.Expr, str, str, str]]:
    """Numbers and truths of shared rows: name, value, unit, words."""
    for column in table.columns:
        if column.kind == "number":
            yield column.name, nw.col(column.stored), column.unit, column.en, column.zh
        yield from ((name, value, "yes", en, zh) for name, value, en, zh in _truths(column))


def _windows_of(
    table: OwnTable, name: str, expr: Callable[[Totals], nw.Expr], unit: str, en: str, zh: str, so_far: bool = True
) -> Iterator[Feature]:
    """One feature of totals in every window; so far only where it does not grow with the calendar alone."""
    whose = (", everybody's", "全体") if table.key == EVERYBODY else ("", "")
    full = f"{table.stored}__{name}"
    yield Feature(f"{full}_{{days}}d", expr, unit, f"{en} recorded in the last {{days}} days{whose[0]}", f"近 {{days}} 天记录的{whose[1]}{zh}")  # type: ignore[arg-type]
    if so_far:
        yield Feature(full, expr, unit, f"{en} so far{whose[0]}", f"累计{whose[1]}{zh}")  # type: ignore[arg-type]


def _count(totals: Totals) -> nw.Expr:
    return totals["count"]


def _sum(name: str) -> Callable[[Totals], nw.Expr]:
    return lambda totals: totals[name]


def _mean(name: str) -> Callable[[Totals], nw.Expr]:
    return lambda totals: ratio(totals[name], totals[f"{name}__known"])
