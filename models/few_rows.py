"""Features of few rows as plain values: to make a frame of them takes longer than an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

FEW = 64  # rows; of more a frame is quicker


@dataclass(frozen=True)
class FewRows:
    """Rows of features, None where a value is missing.

    Parameters
    ----------
    schema
        Name and type of Polars of each feature, in the order of the values.
    rows
        The values, one tuple a row.
    places
        Where each feature stands in a row; kept by whoever makes many of the same schema.
    """

    schema: Mapping[str, Any]
    rows: Sequence[tuple[Any, ...]]
    places: Mapping[str, int]

    @classmethod
    def of(cls, rows: "pl.DataFrame | FewRows") -> "FewRows":
        """Take a frame apart."""
        if isinstance(rows, FewRows):
            return rows
        return cls(rows.schema, rows.rows(), {name: at for at, name in enumerate(rows.columns)})

    def __len__(self) -> int:
        return len(self.rows)

    def value(self, row: int, name: str) -> Any:
        """Return one value."""
        return self.rows[row][self.places[name]]

    def column(self, name: str) -> list[Any]:
        """Return the values of one feature."""
        at = self.places[name]
        return [row[at] for row in self.rows]

    def frame(self, names: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the same as a frame, of some features where ``names`` are told."""
        names = list(self.schema) if names is None else names
        return pl.DataFrame([pl.Series(name, self.column(name), self.schema[name]) for name in names])


Features: TypeAlias = pl.DataFrame | FewRows


def few(rows: Features) -> FewRows | None:
    """Return ``rows`` as plain values where they are few, else None."""
    return FewRows.of(rows) if len(rows) <= FEW else None


def framed(rows: Features) -> pl.DataFrame:
    """Return ``rows`` as a frame."""
    return rows.frame() if isinstance(rows, FewRows) else rows


def some(rows: Features, positions: Sequence[int]) -> Features:
    """Return the rows at ``positions``."""
    if isinstance(rows, FewRows):
        return FewRows(rows.schema, [rows.rows[at] for at in positions], rows.places)
    return rows[positions]
