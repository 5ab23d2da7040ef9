"""Outcomes beside the leads and contacts that they answer: too early, too few, for several."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl

from training.sources.judging.findings import Finding

ENOUGH_DAYS = 30  # with purchases, the newest of which tell how long they pause


def outcomes(responses: pl.DataFrame, leads: pl.DataFrame, contacts: pl.DataFrame) -> Iterator[Finding]:
    """Say what is to be doubted about outcomes beside the leads or contacts that they answer."""
    for key, subjects, what in (("lead_id", leads, "leads"), ("member_id", contacts, "contacts")):
        if key not in responses.columns or key not in subjects.columns or not subjects.height:
            continue
        mine = responses.filter(pl.col(key).is_not_null())
        for kind in mine["kind"].unique().sort():
            of_kind = mine.filter(pl.col("kind") == kind)
            yield from _ended(of_kind["occurred_at"], max(subjects["occurred_at"].to_list()), str(kind), what)
            yield from _before(of_kind, subjects, key, str(kind), what)


def _ended(times: pl.Series, last: datetime, kind: str, what: str) -> Iterator[Finding]:
    """Find a feed that fell silent for far longer than ever before, while subjects went on."""
    ordered = times.drop_nulls().sort()
    if len(ordered) < 20:
        return
    newest, paused = ordered[-1], max(ordered.diff().drop_nulls().to_list())
    silent = last - newest
    if silent < max(timedelta(days=14), 10 * (newest - ordered[0]) / len(ordered), 2 * paused):
        return
    says = (
        f"the newest of {len(ordered):,} responses {kind!r} is of {newest:%Y-%m-%d}, {silent.days:,} days "
        f"before the newest of the {what}; earlier, they never paused for more than {paused.days:,} days"
    )
    advice = (
        f"What came later would count as refusals: mend the feed, or set `extracted_at: {newest:%Y-%m-%d}`"
    )
    yield Finding("responses", "outcomes_end", says, advice)


def orders_end(days: pl.Series, extracted: datetime) -> Iterator[Finding]:
    """Find purchases that stop long before the extract, so that everybody looks silent."""
    ordered = days.unique().sort()
    if len(ordered) < ENOUGH_DAYS:
        return
    newest, silent = ordered[-1], extracted.date() - ordered[-1]
    paused = max(ordered.tail(ENOUGH_DAYS).diff().drop_nulls().to_list())
    if silent < max(timedelta(days=14), 3 * paused):
        return
    says = (
        f"the newest purchase is of {newest:%Y-%m-%d}, {silent.days:,} days before the extract "
        f"({extracted:%Y-%m-%d}); earlier, they never paused for more than {paused.days:,} days"
    )
    until = newest + timedelta(days=1)
    advice = f"Everybody would look silent: bring the newer orders, or set `extracted_at: {until:%Y-%m-%d}`"
    yield Finding("purchases", "orders_end", says, advice)


def _before(
    responses: pl.DataFrame, subjects: pl.DataFrame, key: str, kind: str, what: str
) -> Iterator[Finding]:
    """Find outcomes that lie before the first of what they answer, most often for want of a clock."""
    first = subjects.group_by(key).agg(asked=pl.col("occurred_at").min())
    both = responses.join(first, on=key).filter(pl.col("asked").is_not_null())
    early = both.filter(pl.col("occurred_at") < pl.col("asked"))
    if early.height < max(3, 0.01 * both.height):
        return
    row = early.sort("occurred_at", "asked").row(0, named=True)
    says = (
        f"{early.height:,} of {both.height:,} responses {kind!r} lie before their {what}, and are lost, as "
        f"one of {row['occurred_at']:%Y-%m-%d %H:%M}, asked about at {row['asked']:%Y-%m-%d %H:%M}"
    )
    advice = "Look whether times, zones and keys are right"
    yield Finding("responses", "outcomes_before", says, advice, stops=early.height >= 0.1 * both.height)
