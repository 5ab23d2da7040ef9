"""Is there enough data? Outcomes of both kinds, length of history, closed windows; and what is short.

A segment that is short has no model of its own: the model of all segments together answers, and
its answers carry a warning. Where all rows together are short, every answer does.
"""

from collections.abc import Iterable, Iterator

import polars as pl

from features.feature import DAY
from training.data.artifacts import OutcomeKind, Shortfall, Sufficiency

OUTCOMES = 100
"""Of each kind before the test. Ten outcomes an input is the usual rule (Peduzzi et al. 1996,
J Clin Epidemiol 49:1373-1379); ten inputs are the least that a model of members is worth."""
WINDOWS = 2  # closed outcome windows, one after the other, before the test: one to fit, one to choose

SEGMENTS = ("region", "lead_region", "source", "lead_source", "content_type")
MOST = 12  # values of a column, the most frequent


def sentence(lack: Shortfall) -> str:
    """Say what is short."""
    if lack["kind"] == "windows":
        return (
            f"{lack['have']} closed windows of {lack['window']} days before the test, needed are "
            f"{lack['need']}: {lack['days']:,} days more"
        )
    wait = "at this pace never" if lack["days"] is None else f"about {lack['days']:,} days more at this pace"
    return (
        f"{lack['have']} {lack['kind']} outcomes before the test, needed are {lack['need']}: "
        f"{lack['need'] - lack['have']} more, {wait}"
    )


def assess_segments(rows: pl.DataFrame, columns: Iterable[str] = SEGMENTS) -> list[Sufficiency]:
    """All rows, then the most frequent segments of each column that is there.

    Parameters
    ----------
    rows
        As of ``assess``.
    """
    found = assess(rows)
    for column in columns:
        if column in rows.columns:
            counts = rows[column].drop_nulls().value_counts().sort("count", column, descending=[True, False])
            kept = pl.col(column).is_in(counts[column].head(MOST).implode())
            found += assess(rows.filter(kept), column)[1:]
    return found


def assess(rows: pl.DataFrame, segment: str | None = None) -> list[Sufficiency]:
    """All rows, and each segment of them.

    Parameters
    ----------
    rows
        ``as_of`` and ``window_end`` in seconds, ``label`` 0 or 1, ``split`` (``test`` or another).
    segment
        Column whose values are the segments; empty values are left out.
    """
    found = [_assessed(rows, None, None)]
    if segment is None or segment not in rows.columns:
        return found
    parts = rows.drop_nulls(segment).partition_by(segment, as_dict=True)
    return found + [
        _assessed(parts[key], segment, str(key[0])) for key in sorted(parts, key=lambda key: str(key[0]))
    ]


def _assessed(rows: pl.DataFrame, column: str | None, segment: str | None) -> Sufficiency:
    before, test = rows.filter(pl.col("split") != "test"), rows.filter(pl.col("split") == "test")
    positives = int(before["label"].sum())
    negatives = before.height - positives
    windows = _windows(before)
    lacks = [
        *_outcomes("positive", positives, before),
        *_outcomes("negative", negatives, before),
        *_late(before, windows),
    ]
    return {
        "column": column,
        "segment": segment,
        "positives": positives,
        "negatives": negatives,
        "test_positives": int(test["label"].sum()),
        "history_days": _days(rows, "as_of", "window_end"),
        "windows": windows,
        "lacks": lacks,
        "short": [sentence(lack) for lack in lacks],
    }


def _days(rows: pl.DataFrame, first: str, last: str) -> int:
    if rows.is_empty():
        return 0
    start, end = rows.select(pl.col(first).min().alias("start"), pl.col(last).max().alias("end")).row(0)
    return int((end - start) // DAY)


def _windows(rows: pl.DataFrame) -> int:
    if rows.is_empty():
        return 0
    length = int(rows.select((pl.col("window_end") - pl.col("as_of")).median()).item())
    return int((rows["window_end"].max() - rows["as_of"].min()) // max(length, 1))


def _outcomes(kind: OutcomeKind, count: int, rows: pl.DataFrame) -> Iterator[Shortfall]:
    """How many more are needed, and how long that takes at the pace so far."""
    if count >= OUTCOMES:
        return
    lacking, days = OUTCOMES - count, max(_days(rows, "as_of", "as_of"), 1)
    wait = round(lacking * days / count) if count else None
    yield {"kind": kind, "have": count, "need": OUTCOMES, "days": wait, "window": 0}


def _late(rows: pl.DataFrame, windows: int) -> Iterator[Shortfall]:
    if rows.is_empty() or windows >= WINDOWS:
        return
    length = float(rows.select((pl.col("window_end") - pl.col("as_of")).median()).item()) / DAY
    have = (rows["window_end"].max() - rows["as_of"].min()) / DAY
    wait = round(WINDOWS * length - have)
    yield {"kind": "windows", "have": windows, "need": WINDOWS, "days": wait, "window": round(length)}
