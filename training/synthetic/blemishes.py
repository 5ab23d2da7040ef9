"""Rows that are wrong, planted so that the checks of ingest have something to find."""

import numpy as np
import polars as pl

from training.synthetic.calendar import DAY, Calendar
from training.synthetic.frames import STAMP, stamps

SHARE = 0.001  # of a table's rows
WRONG = ("purchases", "events", "contacts", "responses", "care")  # tables that have such rows
FUTURE = 90  # days after the end
Fault = tuple[str, str, list[pl.Expr]]


def faults(calendar: Calendar) -> list[Fault]:
    """Return the table, what is wrong, and the expressions that make a good row wrong."""
    nothing = pl.lit(None, pl.String)
    nobody = pl.lit("m_nobody").alias("member_id")
    future = pl.lit(stamps(np.array([calendar.end + FUTURE * DAY]))[0]).alias("occurred_at")
    sale = [-pl.col("quantity").abs(), pl.lit("sale").alias("kind")]
    another = (pl.lit("x") + pl.col("contact_id")).alias("contact_id")
    feedback = [pl.lit("feedback").alias("kind"), pl.lit(9, pl.Int64).alias("satisfaction")]
    return [
        ("purchases", "negative quantity in a sale", sale),
        ("purchases", "in the future", [future]),
        ("purchases", "unknown member", [nobody]),
        ("events", "in the future", [future]),
        ("events", "unknown channel", [pl.lit("fax").alias("channel")]),
        ("contacts", "unknown member", [nobody, another]),
        ("responses", "neither member nor lead", [nothing.alias("member_id"), nothing.alias("lead_id")]),
        ("care", "satisfaction out of range", feedback),
    ]


def wrong_rows(
    table: str, frame: pl.DataFrame, calendar: Calendar, rng: np.random.Generator
) -> dict[str, pl.DataFrame]:
    """Copy rows of ``frame``, made wrong in one way each, by fault; none for some tables."""
    kinds = [(fault, changes) for name, fault, changes in faults(calendar) if name == table]
    if frame.is_empty():
        return {}
    count = max(1, int(frame.height * SHARE / max(len(kinds), 1)))
    found = {}
    for fault, changes in kinds:
        rows = frame[np.sort(rng.integers(0, frame.height, count))].with_columns(*changes)
        late = [pl.lit(None, STAMP).alias("recorded_at")] if "recorded_at" in frame.columns else []
        found[fault] = rows.with_columns(*late)
    return found
