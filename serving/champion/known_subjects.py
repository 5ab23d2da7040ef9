"""Who is known at all: a subject that is not asked about is another thing than one nobody has heard of."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Everyone:
    """The subjects of a published table; read when it is first asked for."""

    file: Path
    key: str

    @classmethod
    def of_tables(cls, tables: Path, key: str) -> "Everyone | None":
        """Read the published ``tables``; None where they hold no such subjects."""
        file = tables / ("leads.parquet" if key == "lead_id" else "members.parquet")
        return cls(file, key) if file.exists() else None

    @cached_property
    def _ids(self) -> pl.Series:
        column = pl.col(self.key)
        return pl.scan_parquet(self.file).select(column.unique().drop_nulls().sort()).collect().to_series()

    def __contains__(self, subject: str) -> bool:
        at = int(self._ids.search_sorted(subject))
        return at < len(self._ids) and self._ids[at] == subject
