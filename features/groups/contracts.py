"""Contracts of a member: which of them runs to an end that no other follows, as known at a moment.

A contract without an end that goes on from period to period ends with the period that runs, or, once it was
cancelled, with the one in which it was. A cancellation is known from its own time on. Of the contracts of one
``line`` the one that reaches furthest follows the others.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import narwhals as nw

from features.feature import DAY, Feature
from features.own_tables import CONTRACTS, PREFIX, OwnTable

STORED = PREFIX + CONTRACTS
NEVER = 100_000_000_000  # seconds: after every end
ASKED, START = nw.col("as_of"), nw.col("start_time")


def period_end(start: Any, ran: Any, period: Any) -> Any:
    """Return when the period ends that runs after ``ran`` seconds: expressions of one engine, in seconds."""
    return start + (ran // period + 1) * period


CANCELLED = (nw.col("cancel_time") < ASKED).fill_null(False)
PERIOD = nw.col("renews_days").fill_null(1) * DAY
UNTIL = nw.when(CANCELLED).then(nw.col("cancel_time")).otherwise(ASKED)
RAN = nw.when(UNTIL > START).then(UNTIL - START).otherwise(0)
ROLLING = nw.when(~nw.col("renews_days").is_null()).then(period_end(START, RAN, PERIOD))
REACH = nw.col("contract_end").fill_null(NEVER)
FOLLOWED = nw.col("reach") < nw.col("furthest")
OPEN = nw.col("contract_end") > ASKED
DUE = ~FOLLOWED & ~CANCELLED & OPEN
NEXT = (nw.col("contract_end") == nw.col("next_due")).fill_null(False)
ROWS: Mapping[str, nw.Expr] = {
    "contract_end": nw.coalesce(nw.col("end_time"), ROLLING),
    "reach": REACH,
    "furthest": nw.col("reach").max().over("row_id", "line"),
    "due_end": nw.when(DUE).then(nw.col("contract_end")),
    "next_due": nw.col("due_end").min().over("row_id"),
}
DUE_DAYS, CANCELLED_DAYS, END_DAYS = (
    f"{STORED}__{name}" for name in ("days_to_due", "days_to_cancelled_end", "days_to_end")
)


# fmt: off
def endings(table: OwnTable) -> Iterator[Feature]:
    """Yield what becomes due, was cancelled and was followed,
    and how long the next that becomes due has run.
    """
    name, en, zh = table.stored, table.en, table.zh
    end = nw.col("contract_end")
    yield Feature(f"{name}__days_to_due", lambda r: r.of(nw.col("due_end") - ASKED).min() / DAY, "days", f"days until the next end of {en} that no other follows yet", f"距{zh}下次到期（尚未续约）天数")
    yield Feature(f"{name}__days_to_cancelled_end", lambda r: r.where(CANCELLED & OPEN & ~FOLLOWED).of(end - ASKED).min() / DAY, "days", f"days until the next end of {en} that were cancelled", f"距已解约{zh}的到期日天数")
    yield Feature(f"{name}__due_term_days", lambda r: r.where(NEXT).of(end - START).max() / DAY, "days", f"days from beginning to end of the next of {en} to end", f"即将到期的{zh}期限天数")
    yield Feature(f"{name}__followed", lambda r: r.where(FOLLOWED & ~OPEN).count(), "entries", f"{en} so far that another followed", f"已续约的{zh}数", 0)
    yield Feature(f"{name}__cancelled", lambda r: r.where(CANCELLED).count(), "entries", f"{en} cancelled so far", f"累计解约的{zh}数", 0)
