"""How many leads are closed, and so outside of the task about leads."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import polars as pl

from features import tables
from features.compute import compute
from features.groups.closures import CLOSED_DAYS, CLOSURES, TABLE
from training.data.artifacts import TableCounts


def closed_told(
    closures: Iterable[pl.DataFrame], counts: Mapping[str, TableCounts], extracted: datetime
) -> Iterator[str]:
    """Say how many leads are closed at the extract, and how many were opened again.

    Parameters
    ----------
    closures
        As they are stored; nothing is said where there are none.
    counts
        Of rows, by table.
    """
    rows = pl.concat([*closures, tables.complete(TABLE, tables.empty(TABLE))])
    if rows.is_empty():
        return
    ever = rows.filter(kind="closed")["lead_id"].n_unique()
    asked = rows.select("lead_id").unique().sort("lead_id").with_row_index("row_id")
    asked = asked.with_columns(pl.col("row_id").cast(pl.Int64), as_of=int(extracted.timestamp()) + 1)
    found = compute(asked.lazy(), {TABLE: rows.lazy()}, [CLOSURES]).collect()
    closed = len(found) - found[CLOSED_DAYS].null_count()
    again = f"; {ever - closed:,} others were opened again" if closed < ever else ""
    leads = counts["leads"]["accepted"] if "leads" in counts else 0
    yield (
        f"leads that are closed without having converted: {closed:,} of {leads:,}, outside of task lead from "
        f"then on{again}"
    )
