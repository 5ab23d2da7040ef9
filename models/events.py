"""What could have happened otherwise: events of the contract, and what each does to the features.

Only what happens can be otherwise: visits, purchases, messages, tickets. Attributes of a person or a lead
and the passing of time cannot. So the changeable groups are those over tables of events, whatever features
they have; what an event does to them is not listed but computed, by the very catalogue, from a history
that has nothing else in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from features import catalog, tables
from features.compute import compute
from features.feature import DAY, Group
from features.groups.engagement import CHANNELS
from features.own_tables import LASTS

AS_OF = int(
    datetime(2026, 1, 7, 13, tzinfo=UTC).timestamp()
)  # a Wednesday, in no part of the day that counts
SPANS = (1, 7, 30, 90)  # days within which the events lie
COUNTS = (1, 2, 3, 5, 8, 13)
ASKED, OTHER = "asked", "other"  # a content like the one that is asked about, and another
STORE = "store"
CONTENT = ("content_type", "channel", "category")  # by which contents are alike


@dataclass(frozen=True)
class Event:
    """One kind of thing that can happen.

    Parameters
    ----------
    table, key
        Of the contract, and whose rows they are.
    rows
        What its rows say beside the subject and the time, all of one moment.
    says
        The family of features that tells how often it happened.
    content
        Whether it is about the category or content that is asked about (``ASKED``), or about another.
    """

    name: str
    table: str
    key: str
    rows: tuple[Mapping[str, Any], ...]
    says: str
    content: str = OTHER


def _visit(channel: str) -> Event:
    row = {"channel": channel, "kind": "visit"}
    return Event(channel, "events", "member_id", (row,), f"{channel}_events_{{days}}d")


def _touch(name: str, says: str, **row: Any) -> Event:
    return Event(name, "events", "lead_id", (row,), says)


def _sale(channel: str, category: str) -> Event:
    """One like the last, in its channel and of its category; a cent stands for what an order is worth."""
    row: dict[str, Any] = {"kind": "sale", "channel": channel, "category": category, "product_id": OTHER}
    row |= {"quantity": 1, "unit_price_cents": 1, "discount_cents": 0}
    return Event(channel, "purchases", "member_id", (row,), "orders_{days}d", category)


def _message(*kinds: str, content: str = OTHER) -> Event:
    """A message and what was done with it: nobody opens what was not sent."""
    about = {f"content_{name}": content for name in CONTENT}
    rows = tuple({"kind": kind} | about for kind in kinds)
    return Event(kinds[-1], "outreach", "member_id", rows, f"{kinds[-1]}_{{days}}d", content)


EVENTS = (
    *(_visit(channel) for channel, *_ in CHANNELS),
    *(_sale(channel, category) for channel in (STORE, OTHER) for category in (ASKED, OTHER)),
    _message("sent"),
    _message("sent", content=ASKED),
    _message("sent", "opened"),
    _message("sent", "opened", "clicked"),
    _message("sent", "opened", "answered"),
    Event("ticket", "care", "member_id", ({"kind": "opened"},), "tickets_{days}d"),
    _touch("visit", "lead_visits", channel="web", kind="visit"),
    _touch("store visit", "lead_store_visits", channel="store", kind="visit"),
    _touch("call", "lead_calls", channel="call", kind="talk"),
    _touch("reply", "replies", channel="consultant", kind="reply", minutes=30),
    _touch("late reply", "replies", channel="consultant", kind="reply", minutes=480),
)
TOTALS = {  # tell, by table and key, that there was nothing at all
    ("events", "member_id"): "days_since_event",
    ("events", "lead_id"): "touches",
    ("outreach", "member_id"): "sent",
    ("care", "member_id"): "tickets",
}


@dataclass(frozen=True)
class Happening:
    """Some events of one kind, at these ages (days, the newest first)."""

    event: Event
    ages: tuple[float, ...]


def happenings(table: str, key: str) -> list[Happening]:
    """Return everything that is tried for a table: kinds, how often, and within how many days.

    Fewest first.
    """
    return spread(event for event in EVENTS if (event.table, event.key) == (table, key))


def spread(events: Iterable[Event]) -> list[Happening]:
    """Return each event so often and within so many days as is tried; fewest first."""
    found = [
        Happening(event, ages)
        for event in events
        for count in COUNTS
        for span in SPANS
        if (ages := _ages(span, count, event.table))
    ]
    return list({(id(one.event), one.ages): one for one in found}.values())


def _ages(span: int, count: int, table: str) -> tuple[float, ...]:
    """``count`` ages spread over the last ``span`` days, on days of their own; purchases not at weekends."""
    if span == 1:
        return (0.5,) if count == 1 and table != "purchases" else ()
    ages = [float(int(span * (at + 0.5) / count)) for at in range(count)]
    if table == "purchases":
        ages = [age + _weekend(age) for age in ages]
    fits = len(set(ages)) == count and min(ages) >= 1 and max(ages) < span
    return tuple(ages) if fits else ()


def _weekend(age: float) -> int:
    """Days back to the Friday before, where the day is of a weekend."""
    return max(0, datetime.fromtimestamp(AS_OF - age * DAY, UTC).weekday() - 4)


def sources(groups: Iterable[Group]) -> dict[tuple[str, str], list[Group]]:
    """Return the groups that can be otherwise by table and key: not those of attributes."""
    found: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        if group.table is not None and group.table not in catalog.ATTRIBUTE_TABLE:
            found.setdefault((group.table, group.key), []).append(group)
    return found


def effects(tried: Sequence[Happening], groups: Sequence[Group]) -> pl.DataFrame:
    """Return the features of a history with nothing but each happening, one row each, in their order."""
    first = groups[0]
    assert first.table is not None
    rows = pl.DataFrame(list(_rows(tried, first.key)), infer_schema_length=None)
    own = first.described.columns if first.described else ()
    rows = rows.with_columns(pl.col(column.stored).cast(column.dtype) for column in own)
    asked = {
        f"asked_{name}": pl.lit(None if kind.is_numeric() else ASKED, dtype=kind)
        for name, kind in tables.empty("campaigns").schema.items()
        if name in tables.CONTENT
    }
    spine = pl.DataFrame({"row_id": range(len(tried)), first.key: [str(at) for at in range(len(tried))]})
    spine = spine.with_columns(as_of=pl.lit(AS_OF, dtype=pl.Int64), **asked)
    return compute(spine, {first.table: _finished(first.table, rows)}, groups).sort("row_id").drop("row_id")


def _rows(tried: Sequence[Happening], key: str) -> Iterator[dict[str, Any]]:
    for at, one in enumerate(tried):
        for number, age in enumerate(one.ages):
            moment = AS_OF - round(age * DAY)
            ids = {"order_id": f"{at}:{number}", "ticket_id": f"{at}:{number}", key: str(at)}
            for row in one.event.rows:
                yield {**row, **ids, "event_time": moment, "known_time": moment}


def _finished(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """As ingest would finish them."""
    if table == "outreach":  # made of two tables of the contract, and all that features read is there
        return rows
    time = pl.from_epoch(pl.col("event_time")).dt.replace_time_zone("UTC").dt.cast_time_unit("us")
    rows = rows.with_columns(occurred_at=time)
    if LASTS in rows.columns:
        rows = rows.with_columns(ends_at=time + pl.duration(seconds=pl.col(LASTS).cast(pl.Int64)))
    return tables.shaped(table, rows)
