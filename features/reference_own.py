"""A brand's own tables in the small fixed world: rows that mean nothing, in the shape described."""

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from features import tables
from features.feature import DAY, Group
from features.groups.contracts import STORED
from features.groups.own import own_group
from features.own_tables import EVERYBODY, Hop, OwnColumn, OwnTable, slugs
from features.reference_world import ROWS, WORDS, Stream, heads, subjects, times

IDS = ("k1", "k2", "k3", "k4", None)
VALUES = ("a", "b", None)
VALUE = VALUES[
    :1
]  # stands for every value of a category: what a brand's commonest are moves no other feature


def plain(group: Group) -> Group:
    """Return the group of a table of the brand's own with one value a category, the same for all brands."""
    assert group.described is not None
    columns = (
        one.model_copy(update={"values": VALUE}) if one.kind == "category" else one
        for one in group.described.columns
    )
    return own_group(group.described.model_copy(update={"columns": tuple(columns)}))


def stands_for(table: OwnTable) -> dict[str, tuple[str, str]]:
    """Return for the start of a feature's name the start that it has in ``plain``, and the value meant."""
    (other,) = slugs(VALUE).values()
    return {
        f"{table.stored}__{column.name}__is_{slug}_": (f"{table.stored}__{column.name}__is_{other}_", value)
        for column in table.columns
        for value, slug in slugs(column.values).items()
    }


def frames(described: Iterable[OwnTable]) -> dict[str, pl.DataFrame]:
    """Return the rows of each table, and of tables of the brand's own that only lead to them."""
    every = tuple(described)
    found = {one.stored: _frame(one.stored, one.key, one.columns, one.has_end) for one in every}
    ways = [one.through for one in every if one.through is not None]
    return {way.table: _way(way) for way in ways if way.column.startswith("x_")} | found


def _way(hop: Hop) -> pl.DataFrame:
    column = OwnColumn(name=hop.column.removeprefix("x_"), unit="id", en="", zh="")
    return _frame(hop.table, hop.key, (column,), False)


def _frame(name: str, key: str, columns: Iterable[OwnColumn], has_end: bool) -> pl.DataFrame:
    following = heads(name, ROWS)
    made: dict[str, Any] = dict(_key(name, key, following))
    made |= {one.stored: _values(f"{name}.{one.stored}", one) for one in columns}
    made |= times(name, following)
    if has_end:
        length = Stream(f"{name} length")
        days = pl.Series([length.whole(10, 500) for _ in range(ROWS)])
        made["ends_at"] = made["occurred_at"] + pl.Series(days * DAY * 1_000_000).cast(pl.Duration("us"))
        made |= _contracts(made) if name == STORED else {}
    return tables.complete(name, pl.DataFrame(made))


def _contracts(made: dict[str, Any]) -> dict[str, pl.Series]:
    """Ends of which some are open, what goes on from period to period, and what is cancelled."""
    stream = Stream(f"{STORED} renewal")
    renews = pl.Series([stream.one_of((None, None, 30)) for _ in range(ROWS)], dtype=pl.Int64)
    after = pl.Series([stream.one_of((None, None, 20)) for _ in range(ROWS)], dtype=pl.Int64)
    open_ended = renews.is_not_null()
    ends = pl.Series("ends_at", made["ends_at"])
    return {
        "ends_at": ends.set(open_ended, None),
        "renews_days": renews,
        "cancelled_at": made["occurred_at"] + (after * DAY * 1_000_000).cast(pl.Duration("us")),
        "line": pl.Series([stream.one_of(("a", "b", None)) for _ in range(ROWS)], dtype=pl.String),
    }


def _key(name: str, key: str, following: list[int]) -> Iterator[tuple[str, pl.Series]]:
    if key in ("member_id", "lead_id", "subject_id"):
        yield key, pl.Series([f"s{subject}" for subject in subjects(name, following)])
    elif key != EVERYBODY:
        stream, words = Stream(f"{name}.{key}"), tuple(word for word in WORDS.get(key, IDS) if word)
        yield key, pl.Series([stream.one_of(words) for _ in following], dtype=pl.String)


def _values(name: str, column: OwnColumn) -> pl.Series:
    stream = Stream(name)
    if column.kind == "number":
        numbers = [stream.whole(0, 110) for _ in range(ROWS)]
        return pl.Series([None if one >= 100 else one for one in numbers]).cast(column.dtype)
    words: tuple[Any, ...] = {"yes": (1, 0, None), "id": IDS, "category": VALUES}[column.kind]
    return pl.Series([stream.one_of(words) for _ in range(ROWS)], dtype=column.dtype)
