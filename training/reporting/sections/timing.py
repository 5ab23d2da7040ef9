"""When the event comes after the question, by band; and how long members usually pause."""

import numpy as np
import polars as pl

from features.feature import DAY
from models.task import task as task_named
from training.reporting.source import Source
from training.results.report_duties import Pauses
from training.results.report_figures import Timing, Waiting

POINTS, MEMBERS = 31, 20_000
THIRDS = (("first", 0.1), ("second", 0.5), ("third", 1.0))  # of the list, from the highest score down


def timing(source: Source) -> Timing | None:
    """Return the share of rows whose event came by each day after the question, by part of the list.

    The event is the outcome's row itself: for churn the next purchase, so the line of those at
    risk is the lowest. None where the outcome's table is not there or holds no events.
    """
    outcome = task_named(source.task).outcome
    path = source.params.build / "tables" / f"{outcome.table}.parquet"
    if not path.exists() or not all(key in source.test.columns for key in outcome.keys):
        return None
    rows = pl.scan_parquet(path)
    if "kind" not in rows.collect_schema():  # a flat source gives labels, not events
        return None
    events = rows.filter(pl.col("kind") == outcome.kind)
    found = events.select(*outcome.keys, happened="event_time").drop_nulls().collect().sort("happened")
    asked = source.test.select("row_id", "as_of", *outcome.keys).sort("as_of")
    first = asked.join_asof(
        found, left_on="as_of", right_on="happened", by=list(outcome.keys), strategy="forward",
        check_sortedness=False,
    )  # fmt: skip
    days = ((pl.col("happened") - pl.col("as_of")) / DAY).fill_null(float("inf"))
    waited = first.sort("row_id").select(days.alias("days"))["days"].to_numpy()
    spine = source.facts["spine"]
    last = spine["gap"] + spine["days"]
    grid = np.linspace(0, last, POINTS)
    order = np.argsort(source.test["row_id"].to_numpy(), kind="stable")
    rank = np.argsort(np.argsort(-source.probability, kind="stable"), kind="stable")[order] / len(waited)
    return {
        "absent": outcome.absent,
        "gap": spine["gap"],
        "days": grid.tolist(),
        "lines": _lines(rank, waited, grid),
    }


def _lines(rank: np.ndarray, waited: np.ndarray, grid: np.ndarray) -> list[Waiting]:
    lines: list[Waiting] = []
    low = 0.0
    for name, high in THIRDS:
        own = waited[(rank >= low) & (rank < high)]
        lines.append({"part": name, "n": len(own), "share": [float((own <= day).mean()) for day in grid]})
        low = high
    return lines


def pauses(source: Source) -> Pauses | None:
    """Return how long members usually pause between purchases:
    the reason for the length of a churn window.
    """
    path = source.params.build / "tables" / "purchases.parquet"
    if source.task != "churn" or not path.exists():
        return None
    sales = pl.scan_parquet(path).filter(pl.col("kind") == "sale")
    days = (
        sales.select("member_id", day=pl.col("event_time") // DAY).unique().sort("member_id", "day").collect()
    )
    gaps = days.select(gap=pl.col("day").diff().over("member_id"))["gap"].drop_nulls()
    if gaps.is_empty():
        return None
    spine = source.facts["spine"]
    window = spine["gap"] + spine["days"]
    return {
        "n": len(gaps),
        "median": float(gaps.median() or 0),
        "ninth": float(gaps.quantile(0.9) or 0),
        "window": window,
        "within": float((gaps <= window).mean()),
    }
