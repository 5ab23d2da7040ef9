"""Is there enough data? Outcomes of both kinds, length of history, closed windows; and what is short.

A segment that is short has no model of its own: the model of all segments together answers, and
its answers carry a warning. Where all rows together are short, every answer does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal, cast

import polars as pl

from features.feature import DAY
from training.data.artifacts import SufficiencyRecord

OUTCOMES = 100
"""Of each kind before the test. Ten outcomes an input is the usual rule (Peduzzi et al. 1996,
J Clin Epidemiol 49:1373-1379); ten inputs are the least that a model of members is worth."""
WINDOWS = 2  # closed outcome windows, one after the other, before the test: one to fit, one to choose

SEGMENTS = ("region", "lead_region", "source", "lead_source", "content_type")
MOST = 12  # values of a column, the most frequent

Kind = Literal["positive", "negative", "windows"]


@dataclass(frozen=True)
class Shortfall:
    """What is short.

    Parameters
    ----------
    kind
        Positive or negative outcomes, or closed outcome windows.
    have, need
        How many there are before the test, and how many are needed.
    days
        How many days more bring the rest at the pace so far; ``None``: at this pace never.
    window
        Length of an outcome window in days; 0 for outcomes.
    """

    kind: Kind
    have: int
    need: int
    days: int | None
    window: int = 0

    @property
    def says(self) -> str:
        """As a sentence."""
        if self.kind == "windows":
            return (
                f"{self.have} closed windows of {self.window} days before the test, needed are "
                f"{self.need}: {self.days:,} days more"
            )
        wait = "at this pace never" if self.days is None else f"about {self.days:,} days more at this pace"
        return (
            f"{self.have} {self.kind} outcomes before the test, needed are {self.need}: "
            f"{self.need - self.have} more, {wait}"
        )


@dataclass(frozen=True)
class Sufficiency:
    """The data of one task, or of one segment of it.

    Parameters
    ----------
    column
        The segments' column; ``None`` for all rows.
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
    lacks
        What is short; empty where there is enough.
    """

    column: str | None
    segment: str | None
    positives: int
    negatives: int
    test_positives: int
    history_days: int
    windows: int
    lacks: tuple[Shortfall, ...]

    @property
    def short(self) -> tuple[str, ...]:
        """What is short, one sentence each."""
        return tuple(lack.says for lack in self.lacks)

    @property
    def is_enough(self) -> bool:
        """Whether nothing is short."""
        return not self.lacks


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
    lacks = (
        *_outcomes("positive", positives, before),
        *_outcomes("negative", negatives, before),
        *_late(before, windows),
    )
    return Sufficiency(
        column,
        segment,
        positives,
        negatives,
        int(test["label"].sum()),
        _days(rows, "as_of", "window_end"),
        windows,
        lacks,
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


def _outcomes(kind: Kind, count: int, rows: pl.DataFrame) -> Iterator[Shortfall]:
    """How many more are needed, and how long that takes at the pace so far."""
    if count >= OUTCOMES:
        return
    lacking, days = OUTCOMES - count, max(_days(rows, "as_of", "as_of"), 1)
    yield Shortfall(kind, count, OUTCOMES, round(lacking * days / count) if count else None)


def _late(rows: pl.DataFrame, windows: int) -> Iterator[Shortfall]:
    if rows.is_empty() or windows >= WINDOWS:
        return
    length = float(rows.select((pl.col("window_end") - pl.col("as_of")).median()).item()) / DAY
    have = (rows["window_end"].max() - rows["as_of"].min()) / DAY
    yield Shortfall("windows", windows, WINDOWS, round(WINDOWS * length - have), round(length))


def facts(found: list[Sufficiency]) -> list[SufficiencyRecord]:
    """Return the findings as they stand in ``dataset.json``."""
    return [
        cast(
            SufficiencyRecord,
            {**asdict(one), "lacks": [asdict(lack) for lack in one.lacks], "short": list(one.short)},
        )
        for one in found
    ]
