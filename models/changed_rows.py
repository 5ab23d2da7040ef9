"""What could be otherwise in a row of features, and rows in which it is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.histories import Source, Variant
from models.waiting import Waiting


@dataclass(frozen=True)
class Options:
    """What could be otherwise in one table for one row, as the model reads it.

    ``matrix`` has the columns ``at`` of the model's inputs, one line a variant, and ``cost`` how many events
    are more or less.
    """

    source: Source | Waiting
    variants: list[Variant]
    frame: pl.DataFrame
    at: np.ndarray
    matrix: np.ndarray
    cost: np.ndarray


@dataclass(frozen=True)
class Tried:
    """Changed rows: which variant of each table (a line a row, a column a table), and what they score."""

    parts: tuple[Options, ...]
    picks: np.ndarray
    probability: np.ndarray

    @property
    def cost(self) -> np.ndarray:
        """Events that are more or less, shape (rows,)."""
        return np.sum([part.cost[self.picks[:, at]] for at, part in enumerate(self.parts)], axis=0)

    def take(self, rows: np.ndarray) -> "Tried":
        """Return some of the rows."""
        return Tried(self.parts, self.picks[rows], self.probability[rows])

    def frame(self, before: pl.DataFrame) -> pl.DataFrame:
        """Return the changed rows as features, each with the columns of the one row ``before``."""
        many, schema = len(self.picks), before.schema
        data: dict[str, Any] = {name: [value] * many for name, value in before.row(0, named=True).items()}
        for at, part in enumerate(self.parts):
            chosen = part.frame[self.picks[:, at].tolist()].to_dict(as_series=False)
            data |= {name: values for name, values in chosen.items() if name in schema}
        return pl.DataFrame(data, schema=schema)
