"""The commonest values of a brand's own tables, counted while their rows go by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from features.own_tables import OwnTable
from training.sources.judging.findings import Finding
from training.sources.typical_rows import TypicalRows

MANY, NEARLY_UNIQUE, LONG = (
    50,
    0.3,
    12,
)  # values, share of the rows, characters: what nobody chose from a list


@dataclass
class Commonest:
    """Counts of the values of every category that names none of its own."""

    table: OwnTable
    counts: dict[str, pl.DataFrame] = field(default_factory=dict)
    typical: TypicalRows = field(init=False)

    def __post_init__(self) -> None:
        self.typical = TypicalRows(self.table)

    def counted(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Hand the frames on, and count."""
        names = {one.name: one.stored for one in self.table.columns if one.kind == "category"}
        for frame in frames:
            for name, stored in names.items():
                found = frame[stored].drop_nulls().alias("value").value_counts(name="rows")
                before = [self.counts[name]] if name in self.counts else []
                every = pl.concat([*before, found.cast({"rows": pl.Int64})])
                self.counts[name] = every.group_by("value").agg(pl.col("rows").sum())
            self.typical.add(frame)
            yield frame

    def findings(self) -> Iterator[Finding]:
        """Yield the categories in which nearly every row says something else, at length."""
        for name, found in self.counts.items():
            filled, long = int(found["rows"].sum()), float(found["value"].str.len_chars().mean() or 0)
            if found.height >= MANY and found.height > NEARLY_UNIQUE * filled and long > LONG:
                says = f"{name} has {found.height:,} different values in {filled:,} rows"
                says += f", of {long:.0f} characters on average"
                advice = "Give it `unit: text`: topics and tone become features, and the text is not kept"
                yield Finding(self.table.stored, "free_text", says, advice, stops=False)

    def described(self) -> OwnTable:
        """Return the table with its commonest values and typical rows, once all frames have gone by."""
        return self.typical.described(self.table.with_values(self.counts))
