"""Is there enough data? Outcomes of both kinds, length of history, closed windows; and what is short.

A segment that is short has no model of its own: the model of all segments together answers, and
its answers carry a warning. Where all rows together are short, every answer does.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from features.feature import DAY
from training.data.artifacts import OutcomeKind, Shortfall, Sufficiency

OUTCOMES = 100
"""Of each kind before the test. Ten outcomes an input is the usual rule (Peduzzi et al. 1996,
J Clin Epidemiol 49:1373-1379); ten inputs are the least that a model of members is worth."""
WINDOWS = 2  # closed outcome windows, one after the other, before the test: one to fit, one to choose

SEGMENTS = ("region", "lead_region", "source", "lead_source", "content_type")
MOST = 12  # values of a column, the most frequent
BY = ("column", "segment", "is_test", "length")  # by which rows are counted; length of the outcome window


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
    """Return all rows, then the most frequent segments of each column that is there.

    Parameters
    ----------
    rows
        As of ``counted``.
    """
    return assessed(counted(rows, columns), columns)


def counted(rows: pl.DataFrame, columns: Iterable[str] = SEGMENTS) -> pl.DataFrame:
    """Return all that is asked of rows, counted: those of parts can be ``added`` up.

    Parameters
    ----------
    rows
        ``as_of`` and ``window_end`` in seconds, ``label`` 0 or 1, ``split`` (``test`` or another).
    columns
        Whose values are segments, those that are there; empty values are left out.

    Returns
    -------
    Of all rows (``column`` and ``segment`` None) and of each segment, by ``is_test`` and ``length`` in
    seconds: ``rows``, ``positives``, ``first`` and ``last`` moment asked, ``end`` of the last outcome window.
    """
    told = rows.select(
        pl.col("as_of").alias("first"),
        pl.col("as_of").alias("last"),
        pl.col("window_end").alias("end"),
        pl.col("label").cast(pl.Int64).alias("positives"),
        pl.lit(1, pl.Int64).alias("rows"),
        (pl.col("split") == "test").alias("is_test"),
        (pl.col("window_end") - pl.col("as_of")).alias("length"),
        *(pl.col(column).cast(pl.String) for column in columns if column in rows.columns),
    )
    nothing = pl.lit(None, pl.String)
    parts = [_summed(told.with_columns(column=nothing, segment=nothing))]
    for column in (column for column in columns if column in rows.columns):
        segments = told.with_columns(column=pl.lit(column), segment=pl.col(column))
        parts.append(_summed(segments.drop_nulls("segment")))
    return pl.concat(parts)


def added(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Return what is ``counted`` of two parts together."""
    return _summed(pl.concat([one, other]))


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    counts, ends = pl.col("rows", "positives").sum(), pl.col("last", "end").max()
    return rows.group_by(BY).agg(counts, pl.col("first").min(), ends)


def assessed(counts: pl.DataFrame, columns: Iterable[str] = SEGMENTS) -> list[Sufficiency]:
    """Return what ``assess_segments`` does, of what was ``counted``."""
    found = [_assessed(counts.filter(pl.col("column").is_null()), None, None)]
    for column in columns:
        mine = counts.filter(pl.col("column") == column)
        sizes = mine.group_by("segment").agg(pl.col("rows").sum())
        most = sizes.sort("rows", "segment", descending=True)["segment"].head(MOST)
        found += [_assessed(mine.filter(segment=name), column, name) for name in most.sort()]
    return found


def _assessed(counts: pl.DataFrame, column: str | None, segment: str | None) -> Sufficiency:
    before, test = counts.filter(~pl.col("is_test")), counts.filter("is_test")
    positives = int(before["positives"].sum())
    negatives = int(before["rows"].sum()) - positives
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
        "test_positives": int(test["positives"].sum()),
        "history_days": _seconds(counts, "end") // DAY,
        "windows": windows,
        "lacks": lacks,
        "short": [sentence(lack) for lack in lacks],
    }


def _seconds(counts: pl.DataFrame, end: str) -> int:
    """From the first moment asked to the last ``end``."""
    return 0 if counts.is_empty() else int(counts[end].max() - counts["first"].min())


def _length(counts: pl.DataFrame) -> float:
    """The median length of an outcome window in seconds."""
    lengths = counts.group_by("length").agg(pl.col("rows").sum()).sort("length")
    ends, middle = lengths["rows"].cum_sum().to_numpy(), (lengths["rows"].sum() - 1) / 2
    both = np.searchsorted(ends, [np.floor(middle), np.ceil(middle)], side="right")
    return float(lengths["length"].to_numpy()[both].mean())


def _windows(counts: pl.DataFrame) -> int:
    return 0 if counts.is_empty() else _seconds(counts, "end") // max(int(_length(counts)), 1)


def _outcomes(kind: OutcomeKind, count: int, counts: pl.DataFrame) -> Iterator[Shortfall]:
    """How many more are needed, and how long that takes at the pace so far."""
    if count >= OUTCOMES:
        return
    lacking, days = OUTCOMES - count, max(_seconds(counts, "last") // DAY, 1)
    wait = round(lacking * days / count) if count else None
    yield {"kind": kind, "have": count, "need": OUTCOMES, "days": wait, "window": 0}


def _late(counts: pl.DataFrame, windows: int) -> Iterator[Shortfall]:
    if counts.is_empty() or windows >= WINDOWS:
        return
    length, have = _length(counts) / DAY, _seconds(counts, "end") / DAY
    wait = round(WINDOWS * length - have)
    yield {"kind": "windows", "have": windows, "need": WINDOWS, "days": wait, "window": round(length)}
