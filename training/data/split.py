"""Train, validation and test rows, apart in time by at least the outcome window."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import narwhals as nw
import polars as pl

from features.feature import DAY
from features.timestamps import seconds
from models.population import Spine

NO_BLOCK = "no validation block has both classes before and in it; bring a longer history"


@dataclass(frozen=True)
class Split:
    """Where the test begins, and where each validation block begins (seconds).

    A row belongs to the training side of a block or of the test only if its outcome window has
    closed by the block's start, so that no label is known later than the first moment asked.
    """

    test_start: int
    blocks: tuple[int, ...]

    def training(self, block: int) -> pl.Expr:
        """Return rows that a model asked in ``block`` may have learnt from."""
        return pl.col("window_end") <= self.blocks[block]

    def assign(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add ``split`` (train, valid, test, gap) and ``fold`` (number of the block, else -1)."""
        before = pl.col("window_end") <= self.test_start
        fold = pl.sum_horizontal(pl.lit(-1), *(pl.col("as_of") >= start for start in self.blocks))
        rows = rows.with_columns(fold=pl.when(before).then(fold).otherwise(-1).cast(pl.Int8))
        kind = (
            pl.when(pl.col("as_of") >= self.test_start)
            .then(pl.lit("test"))
            .when(~before)
            .then(pl.lit("gap"))
            .when(pl.col("fold") >= 0)
            .then(pl.lit("valid"))
            .otherwise(pl.lit("train"))
        )
        return rows.with_columns(split=kind)


def split_in_time(rows: Any, spine: Spine) -> Split:
    """Choose the boundaries from the period that the rows cover.

    Parameters
    ----------
    rows
        ``as_of`` and ``window_end`` of every row with a closed window, a frame of Polars or of Spark:
        nothing but aggregates is asked of it.

    Raises
    ------
    ValueError
        Where the period is too short for a training and a test part with the window between them.
    """
    asked = nw.from_native(rows).lazy()
    ends, moment = nw.col("window_end"), nw.col("as_of")
    period = _told(asked, first=moment.min(), last=moment.max(), window=(ends - moment).max())
    first, last, window = period["first"], period["last"], period["window"] / DAY
    test = seconds(spine.test_start) if spine.test_start else round(last - spine.test_share * (last - first))
    test = _at_or_after(asked, test) or test
    learnt = asked.filter(ends <= test)
    told = _told(learnt, first=moment.min(), last=moment.max(), closed=ends.min())
    if told["first"] is None or last < test:
        days, need = (last - first) / DAY, ceil(window / (1 - spine.test_share))
        raise ValueError(
            f"spine: {days:.0f} days of closed windows are too few for a test after a gap of "
            f"{window:.0f} days, needed are about {need}: {max(1, ceil(need - days)):,} days more; "
            "shorten spine.days or bring longer data"
        )
    return Split(test, _blocks(learnt, spine.folds, **told))


def _blocks(rows: Any, folds: int, first: int, last: int, closed: int) -> tuple[int, ...]:
    """Starts of up to ``folds`` validation blocks; each has rows, and rows to learn from before it."""
    begin = max(first + 0.4 * (last - first), closed + 0.25 * (last - closed))
    edges = [begin + (last - begin) * step / folds for step in range(folds)]
    starts = sorted({found for edge in edges if (found := _at_or_after(rows, edge)) is not None})
    return tuple(start for start in starts if closed <= start)


def _at_or_after(rows: Any, moment: float) -> int | None:
    """The first ``as_of`` that is not before ``moment``."""
    found: int | None = _told(rows.filter(nw.col("as_of") >= moment), at=nw.col("as_of").min())["at"]
    return found


def _told(rows: Any, **figures: Any) -> dict[str, Any]:
    """Aggregates of a frame by name."""
    return rows.select(**figures).collect().rows(named=True)[0]
