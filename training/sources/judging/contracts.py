"""Whether contracts end as they were agreed to, and follow each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from training.sources.judging.findings import Finding
from training.sources.judging.row_counts import DAY

TIMES = ("start_time", "end_time", "cancel_time")
FEW, MOST = 5, 0.5  # cancelled contracts, and of them those that end with their cancellation
BESIDE, MANY = 60, 0.05  # days for which two contracts run side by side, and the share of members with such


@dataclass
class ContractEvidence:
    """Whose contracts, which follow each other, and their times, gathered while rows are stored."""

    table: str
    key: str
    parts: list[pl.DataFrame] = field(default_factory=list)

    def seen(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Look at frames on their way."""
        for frame in frames:
            self.parts.append(frame.select(self.key, "line", *TIMES))
            yield frame

    def findings(self) -> Iterator[Finding]:
        """Yield what makes ends, or what follows them, doubtful."""
        if self.parts:
            rows = pl.concat(self.parts)
            yield from self._overwritten(rows)
            yield from self._beside(rows)

    def _overwritten(self, rows: pl.DataFrame) -> Iterator[Finding]:
        """A cancellation mostly takes effect at the end that was agreed, and not at once."""
        cancelled = rows.drop_nulls(["end_time", "cancel_time"])
        same = cancelled.filter((pl.col("end_time") - pl.col("cancel_time")).abs() < DAY)
        if len(same) >= max(FEW, MOST * len(cancelled)):
            says = (
                f"{len(same):,} of {len(cancelled):,} cancelled contracts end on the day of the cancellation"
            )
            advice = (
                "An end that was written over was not known before: bring the end that was agreed, or say "
                "`renews_days` instead of `ends_at`"
            )
            yield Finding(self.table, "ends_overwritten", says, advice)

    def _beside(self, rows: pl.DataFrame) -> Iterator[Finding]:
        """Contracts that run side by side are taken as following each other."""
        ended = rows.drop_nulls(["start_time", "end_time"]).sort("start_time")
        before = pl.col("end_time").cum_max().shift().over(self.key, "line")
        beside = pl.min_horizontal(before, "end_time") - pl.col("start_time") > BESIDE * DAY
        found = ended.filter(before.is_not_null() & beside)[self.key].n_unique()
        everybody = rows[self.key].n_unique()
        if found >= max(FEW, MANY * everybody):
            says = (
                f"{found:,} of {everybody:,} members have contracts that run side by side for more than "
                f"{BESIDE} days, and the one that ends later counts as following the other"
            )
            advice = (
                "Say by `line` which follow each other, or by `starts_at` when those concluded early begin"
            )
            yield Finding(self.table, "side_by_side", says, advice, stops=False)
