"""A small fixed world: member data that mean nothing, so that features can be told apart by their values.

Every column has a stream of its own, named after it: a column that is added to the contract moves no
other. A word that is added here does move the features that read it.
"""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import log
from typing import Any

import polars as pl

from features import tables
from features.feature import DAY
from features.outreach import enrich

SUBJECTS, MOMENTS, ROWS = 16, 24, 2400  # moments of each subject, rows of a table
START, DAYS = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()), 600
LATE, FOLLOWS = 0.2, 0.5  # shares of rows that were recorded late, that follow the row before
CATEGORIES = ("care", "colour", "scent", "style", "tools", "gifts", "travel", None)
CHANNELS = ("store", "app", "mini_program", None)
# Words of columns whose words the contract leaves open; those that features ask for must be among them.
WORDS: dict[str, tuple[str | None, ...]] = {
    "category": CATEGORIES,
    "interest": CATEGORIES,
    "purchases.channel": CHANNELS,
    "campaigns.channel": ("sms", "app", "message", "store"),
    "events.kind": ("view", "cart", "reply", "talk"),
    "topic": ("delivery", "quality", "service", "price", "availability", None),
    "product_id": (*(f"p{at}" for at in range(12)), None),
    "purchases.kind": ("sale", "sale", "sale", "sale", "return"),
    "campaign_id": tuple(f"c{at}" for at in range(6)),
}
SUBJECT_KEYS = ("member_id", "lead_id", "subject_id")
THREADS = {"order_id": 0, "ticket_id": 240}  # ids of rows that follow one another, within so many hours
HOURS = 30  # within which rows of other tables follow one another
SIZES = {"products": 12, "campaigns": 6, "members": 3 * SUBJECTS, "leads": SUBJECTS, "subjects": SUBJECTS}


class Stream:
    """Numbers between 0 and 1 that depend on a name alone, the same on every version of Python."""

    def __init__(self, name: str) -> None:
        self._random = random.Random(name).random

    def whole(self, low: int, high: int) -> int:
        """Return an integer, ``low`` <= it < ``high``."""
        return low + int(self._random() * (high - low))

    def one_of(self, values: tuple[Any, ...]) -> Any:
        """Return one of ``values``."""
        return values[self.whole(0, len(values))]


def world(own: dict[str, dict[str, bool]]) -> dict[str, pl.DataFrame]:
    """Return every table as ingest finishes it.

    Parameters
    ----------
    own
        The ``x_`` columns of each table, and of each whether it is a category.
    """
    raw = {name: _table(name, own.get(name, {})) for name in tables.SCHEMAS if name != "identities"}
    return enrich({name: tables.complete(name, frame) for name, frame in raw.items()})


def spine(contents: pl.DataFrame) -> pl.DataFrame:
    """Return moments of every subject and of one without any row, each with one of the ``contents``."""
    stream = Stream("spine")
    rows = [
        (f"s{subject}", START + stream.whole(DAYS // 20, DAYS) * DAY + stream.whole(0, DAY))
        for subject in range(SUBJECTS + 1)
        for _ in range(MOMENTS)
    ]
    subjects, moments = [row[0] for row in rows], [row[1] for row in rows]
    content = contents[[stream.whole(0, len(contents)) for _ in rows]]
    names = [name for name in content.columns if name in tables.CONTENT or name.startswith("x_")]
    return pl.DataFrame(
        {"row_id": range(len(rows)), "as_of": moments, **dict.fromkeys(SUBJECT_KEYS, subjects)}
    ).with_columns(**{f"asked_{name}": content[name] for name in names})


def _table(name: str, own: dict[str, bool]) -> pl.DataFrame:
    size = SIZES.get(name, ROWS)
    following = heads(name, size)
    made = {
        column: _column(name, column, spec, following)
        for column, spec in tables.columns(name).items()
        if column not in ("occurred_at", "recorded_at")
    }
    made |= {column: _own(f"{name}.{column}", category, size) for column, category in own.items()}
    frame = pl.DataFrame(made)
    if name == "purchases":  # a return takes pieces back
        sign = pl.when(pl.col("kind") == "return").then(-1).otherwise(1)
        frame = frame.with_columns(quantity=pl.col("quantity") * sign)
    if name in ("events", "responses"):  # a touch is a member's or a lead's
        frame = _either(frame)
    return frame.with_columns(**times(name, following)) if name != "products" else frame


def heads(table: str, size: int) -> list[int]:
    """Return the row that each row follows: lines of an order, steps of a ticket, touches of a visit."""
    stream, found = Stream(f"{table} follows"), [0]
    for at in range(1, size):
        follows = size == ROWS and stream.whole(0, 100) < 100 * FOLLOWS
        found.append(found[-1] if follows else at)
    return found


def _column(table: str, column: str, spec: Any, following: list[int]) -> pl.Series:
    """One column of the contract; what is unique, whose it is and what it may hold decide its values."""
    size = len(following)
    if column in SUBJECT_KEYS:
        values = [f"s{subject}" for subject in subjects(table, following)]
    elif column in THREADS:
        values = [f"{column[0]}{head}" for head in following]
    elif spec.unique:
        values = [f"{column[0]}{at}" for at in range(size)]
    else:
        draw = _draw(table, column, spec, Stream(f"{table}.{column}"))
        values = [draw() for _ in range(size)]
    return pl.Series(column, values, dtype=spec.dtype.type)


def subjects(table: str, following: list[int]) -> list[int]:
    """Return whose rows they are: in small tables everybody's in turn, in large ones many to few."""
    if len(following) < ROWS:
        return [at % SUBJECTS for at in range(len(following))]
    stream = Stream(f"{table} subjects")
    drawn = [min(int(-3 * log(stream.whole(1, 1000) / 1000)), SUBJECTS - 1) for _ in following]
    return [drawn[head] for head in following]


def _draw(table: str, column: str, spec: Any, stream: Stream) -> Callable[[], Any]:
    allowed = {check.name: check.statistics for check in spec.checks}
    named = WORDS.get(f"{table}.{column}") or WORDS.get(column)
    if words := named or allowed.get("isin", {}).get("allowed_values"):
        return lambda: stream.one_of((*words,))
    if spec.dtype.type == pl.Boolean:
        return lambda: stream.one_of((True, False, None))
    if spec.dtype.type.is_integer():
        low = allowed.get("greater_than_or_equal_to", {}).get("min_value", 1)
        high = allowed.get("less_than_or_equal_to", {}).get("max_value", low + (9 if low else 900))
        return lambda: stream.whole(low, high + 1)
    if spec.dtype.type == pl.String:
        return lambda: stream.one_of(("a", "b", "c", None))
    return lambda: datetime.fromtimestamp(START - stream.whole(0, DAYS * DAY), UTC)  # a moment before all


def _own(name: str, category: bool, size: int) -> pl.Series:
    stream = Stream(name)
    if category:
        return pl.Series([stream.one_of(("a", "b", None)) for _ in range(size)], dtype=pl.String)
    return pl.Series([float(stream.whole(0, 100)) for _ in range(size)])


def _either(frame: pl.DataFrame) -> pl.DataFrame:
    stream = Stream("either")
    lead = pl.Series([stream.whole(0, 3) == 0 for _ in range(len(frame))])
    return frame.with_columns(
        member_id=pl.when(~lead).then("member_id"), lead_id=pl.when(lead).then("lead_id")
    )


def times(table: str, following: list[int]) -> dict[str, pl.Series]:
    """Return times on the hour, often equal; some rows were recorded later.

    Subjects differ in how long they were there: some have been silent for long.
    """
    stream, late, after = (Stream(f"{table} {what}") for what in ("happened", "late", "after"))
    thread = next((column for column in THREADS if column in tables.columns(table)), None)
    hours = HOURS if thread is None else THREADS[thread]
    drawn = [stream.whole(0, 10_000) / 10_000 for _ in following]
    spans = [DAYS * 24 * (1 + 3 * (subject % 4)) // 10 for subject in subjects(table, following)]
    happened = [
        START + (int(drawn[head] * spans[at]) + (after.whole(0, hours + 1) if head < at else 0)) * 3600
        for at, head in enumerate(following)
    ]
    known = [at + (late.whole(0, 40 * DAY) if late.whole(0, 100) < 100 * LATE else 0) for at in happened]
    return {"occurred_at": _moments(happened), "recorded_at": _moments(known)}


def _moments(seconds: Iterable[int]) -> pl.Series:
    return pl.Series([at * 1_000_000 for at in seconds]).cast(pl.Datetime("us", "UTC"))
