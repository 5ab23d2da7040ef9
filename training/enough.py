"""Is there enough data? Outcomes of both kinds, length of history, closed windows; and what is short."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from features.feature import DAY

OUTCOMES = 100
"""Of each kind before the test. Ten outcomes an input is the usual rule (Peduzzi et al. 1996,
J Clin Epidemiol 49:1373-1379); ten inputs are the least that a model of members is worth."""
WINDOWS = 2  # closed outcome windows, one after the other, before the test: one to fit, one to choose


@dataclass(frozen=True)
class Enough:
    """The data of one task, or of one segment of it.

    Parameters
    ----------
    segment
        Value of the segment's column; ``None`` for all rows.
    positives, negatives
        Outcomes before the test.
    test_positives
        Outcomes in the test.
    history_days
        Days from the first question to the last outcome window's end.
    windows
        Outcome windows that fit one after the other into the time before the test.
    short
        What is missing, one sentence each; empty where there is enough.
    """

    segment: str | None
    positives: int
    negatives: int
    test_positives: int
    history_days: int
    windows: int
    short: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        """Whether nothing is short."""
        return not self.short


def enough(rows: pl.DataFrame, segment: str | None = None) -> list[Enough]:
    """All rows, and each segment of them.

    Parameters
    ----------
    rows
        ``as_of`` and ``window_end`` in seconds, ``label`` 0 or 1, ``split`` (``test`` or another).
    segment
        Column whose values are the segments; empty values are left out.
    """
    found = [_judged(rows, None)]
    if segment is None or segment not in rows.columns:
        return found
    parts = rows.drop_nulls(segment).partition_by(segment, as_dict=True)
    return found + [_judged(parts[key], str(key[0])) for key in sorted(parts, key=lambda key: str(key[0]))]


def _judged(rows: pl.DataFrame, segment: str | None) -> Enough:
    before, test = rows.filter(pl.col("split") != "test"), rows.filter(pl.col("split") == "test")
    positives = int(before["label"].sum())
    negatives = before.height - positives
    windows = _windows(before)
    short = (
        *_outcomes("positive", positives, before),
        *_outcomes("negative", negatives, before),
        *_late(before, windows),
    )
    return Enough(
        segment,
        positives,
        negatives,
        int(test["label"].sum()),
        _days(rows, "as_of", "window_end"),
        windows,
        short,
    )


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


def _outcomes(kind: str, count: int, rows: pl.DataFrame) -> Iterator[str]:
    """How many more are needed, and how long that takes at the pace so far."""
    if count >= OUTCOMES:
        return
    lacking, days = OUTCOMES - count, max(_days(rows, "as_of", "as_of"), 1)
    wait = f"about {lacking * days / count:,.0f} days more at this pace" if count else "at this pace never"
    yield f"{count} {kind} outcomes before the test, needed are {OUTCOMES}: {lacking} more, {wait}"


def _late(rows: pl.DataFrame, windows: int) -> Iterator[str]:
    if rows.is_empty() or windows >= WINDOWS:
        return
    length = float(rows.select((pl.col("window_end") - pl.col("as_of")).median()).item()) / DAY
    have = (rows["window_end"].max() - rows["as_of"].min()) / DAY
    yield (
        f"{windows} closed windows of {length:.0f} days before the test, needed are {WINDOWS}: "
        f"{WINDOWS * length - have:,.0f} days more"
    )


def facts(found: list[Enough]) -> list[dict[str, Any]]:
    """For a JSON file."""
    return [{**asdict(one), "short": list(one.short), "is_enough": one.is_enough} for one in found]
