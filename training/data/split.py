"""Train, validation and test rows, apart in time by at least the outcome window."""

from dataclasses import dataclass
from math import ceil

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
        """Rows that a model asked in ``block`` may have learnt from."""
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


def split_in_time(rows: pl.DataFrame, spine: Spine) -> Split:
    """Choose the boundaries from the period that the rows cover.

    Parameters
    ----------
    rows
        ``as_of`` and ``window_end`` of every row with a closed window.

    Raises
    ------
    ValueError
        Where the period is too short for a training and a test part with the window between them.
    """
    first, last = rows["as_of"].min(), rows["as_of"].max()
    test = seconds(spine.test_start) if spine.test_start else round(last - spine.test_share * (last - first))
    moments = rows["as_of"].unique().sort()
    test = int(moments.filter(moments >= test).min() or test)
    learnt = rows.filter(pl.col("window_end") <= test)
    if learnt.is_empty() or not (rows["as_of"] >= test).any():
        days, window = (last - first) / DAY, (rows["window_end"] - rows["as_of"]).max() / DAY
        need = ceil(window / (1 - spine.test_share))
        raise ValueError(
            f"spine: {days:.0f} days of closed windows are too few for a test after a gap of "
            f"{window:.0f} days, needed are about {need}: {max(1, ceil(need - days)):,} days more; "
            "shorten spine.days or bring longer data"
        )
    return Split(test, _blocks(learnt, spine.folds))


def _blocks(rows: pl.DataFrame, folds: int) -> tuple[int, ...]:
    """Starts of up to ``folds`` validation blocks; each has rows, and rows to learn from before it."""
    first, last = rows["as_of"].min(), rows["as_of"].max()
    closed = rows["window_end"].min()
    begin = max(first + 0.4 * (last - first), closed + 0.25 * (last - closed))
    edges = [begin + (last - begin) * step / folds for step in range(folds)]
    moments = rows["as_of"].unique().sort()
    starts = sorted(
        {int(found) for edge in edges if (found := moments.filter(moments >= edge).min()) is not None}
    )
    return tuple(start for start in starts if (rows["window_end"] <= start).any())
