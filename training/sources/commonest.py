"""The commonest values of a brand's own tables, counted while their rows go by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from features.own_tables import OwnTable


@dataclass
class Commonest:
    """Counts of the values of every category that names none of its own."""

    table: OwnTable
    counts: dict[str, pl.DataFrame] = field(default_factory=dict)

    def counted(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Hand the frames on, and count."""
        names = {one.name: one.stored for one in self.table.columns if one.kind == "category"}
        for frame in frames:
            for name, stored in names.items():
                found = frame[stored].drop_nulls().alias("value").value_counts(name="rows")
                before = [self.counts[name]] if name in self.counts else []
                every = pl.concat([*before, found.cast({"rows": pl.Int64})])
                self.counts[name] = every.group_by("value").agg(pl.col("rows").sum())
            yield frame

    def described(self) -> OwnTable:
        """Return the table with its commonest values, once all frames have gone by."""
        return self.table.with_values(self.counts)
