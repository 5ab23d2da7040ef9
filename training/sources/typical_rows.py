"""Rows that are typical of a brand's own table, and whether its rows come about by what somebody does.

They are what could happen once more where another result is explained (``models.own_histories``). A row
stands for many alike and says no id, so that it tells of nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from features.own_tables import LASTS, OwnTable

KEPT = 5_000  # rows of each frame that are looked at
ALIKE = 10  # rows that one stands for, at least
SEVERAL = 1.05  # moments a subject, from which on rows happen; below, a few were entered twice
PLACES = (0.1, 0.5, 0.9)  # of a table without categories: where its typical rows lie, by its first number


@dataclass
class TypicalRows:
    """Some rows of a table, gathered while they go by."""

    table: OwnTable
    rows: list[pl.DataFrame] = field(default_factory=list)
    owners: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    moments: int = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Look at some rows of a frame, and at whose all are."""
        if not self.table.is_direct or self.table.acts is False or frame.is_empty():
            return
        key = self.table.key
        self.owners = pl.concat([self.owners, frame[key].drop_nulls()]).unique()
        self.moments += frame.select(key, "event_time").n_unique()
        times = ("event_time", *(["end_time"] if self.table.has_end else []))
        stored = [column.stored for column in self.table.columns if column.kind not in ("id", "text")]
        self.rows.append(frame.select(*times, *stored).gather_every(max(1, frame.height // KEPT)))

    def described(self, table: OwnTable) -> OwnTable:
        """Return the table with whether it acts and, where it does, what its typical rows say."""
        if not table.is_direct:
            return table
        acts = table.acts is not False and self.moments > SEVERAL * len(self.owners)
        acts = acts if table.acts is None else table.acts
        examples = tuple(self._examples(table)) if acts and self.rows else ()
        return table.model_copy(update={"acts": acts, "examples": examples})

    def _examples(self, table: OwnTable) -> Iterator[dict[str, float | str | None]]:
        rows = pl.concat(self.rows)
        numbers = [one.stored for one in table.columns if one.kind in ("number", "yes")]
        for part, place in self._parts(table, rows, numbers):
            if part.height >= ALIKE:
                yield self._said(table, _nearest(part, numbers, place))

    def _parts(
        self, table: OwnTable, rows: pl.DataFrame, numbers: list[str]
    ) -> Iterator[tuple[pl.DataFrame, float]]:
        """Rows that are alike, and which of them, by their numbers, is typical."""
        valued = next((one for one in table.columns if one.kind == "category" and one.values), None)
        if valued is not None:
            yield from ((rows.filter(pl.col(valued.stored) == value), 0.5) for value in valued.values)
        else:
            yield from ((rows, place) for place in (PLACES if numbers else PLACES[1:2]))

    def _said(self, table: OwnTable, row: dict[str, float | str | None]) -> dict[str, float | str | None]:
        found = {one.name: _plain(row[one.stored]) for one in table.columns if one.stored in row}
        begins, ends = row.get("event_time"), row.get("end_time")
        known = isinstance(begins, int) and isinstance(ends, int)
        return found | ({LASTS: float(ends - begins)} if known else {})  # type: ignore[operator]


def _plain(value: float | str | None) -> float | str | None:
    return float(value) if isinstance(value, int) else value


def _nearest(part: pl.DataFrame, numbers: list[str], place: float) -> dict[str, float | str | None]:
    """The row whose numbers lie nearest to a place among all, each counted by ranks."""
    ranks = [((pl.col(name).rank() / pl.len()) - place).abs().fill_null(1.0) for name in numbers]
    far = pl.sum_horizontal(ranks) if ranks else pl.lit(0.0)
    return part.with_columns(far.alias("_far")).sort("_far", maintain_order=True).row(0, named=True)
