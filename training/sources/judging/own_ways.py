"""Whether rows of a brand's own tables are somebody's, and whether second hops lead anywhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from features.own_tables import EVERYBODY, OwnTable
from training.sources.judging.findings import Finding

MEET = 0.1  # of the ids that lead on at least lead to rows
ENOUGH_IDS = 5


@dataclass
class OwnWays:
    """Ids of own tables' rows, and those that lead to them, gathered while rows are judged."""

    own: Mapping[str, OwnTable]
    ids: dict[tuple[str, str], pl.Series] = field(default_factory=dict)

    def add(self, table: str, accepted: pl.DataFrame) -> None:
        """Look at the good rows of one chunk."""
        for column in self._wanted(table):
            if column in accepted.columns:
                before = self.ids.get((table, column), pl.Series(dtype=pl.String))
                self.ids[table, column] = pl.concat([before, accepted[column].drop_nulls()]).unique()

    def _wanted(self, table: str) -> set[str]:
        hops = {one.through.column for one in self.own.values() if one.through and one.through.table == table}
        mine = self.own.get(table)
        return hops | ({mine.key} if mine is not None and mine.key != EVERYBODY else set())

    def owners(self, table: str) -> int | None:
        """Count the different ids whose rows a table has; ``None`` where its rows are everybody's."""
        key = self.own[table].key
        return None if key == EVERYBODY else len(self._of(table, key))

    def findings(self) -> Iterator[Finding]:
        """Yield the second hops that hardly lead to a row."""
        for name, table in self.own.items():
            if table.through is None:
                continue
            theirs = self._of(name, table.key)
            mine = self._of(table.through.table, table.through.column)
            met = int(mine.is_in(theirs.implode()).sum())
            if min(len(mine), len(theirs)) >= ENOUGH_IDS and met < MEET * min(len(mine), len(theirs)):
                says = (
                    f"{met:,} of {len(mine):,} ids in {table.through.table}.{table.through.column} lead to "
                    f"rows of {name}, which has {len(theirs):,}"
                )
                yield Finding(name, "keys_apart", says, "Mend `key` or `through`: nothing is known by it")

    def _of(self, table: str, column: str) -> pl.Series:
        return self.ids.get((table, column), pl.Series(dtype=pl.String))
