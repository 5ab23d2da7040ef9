"""From feature columns to the matrix a booster reads, with the categories seen in training."""

from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl

from features.feature import Feature
from models.few_rows import Features, FewRows, few, framed


@dataclass(frozen=True)
class Column:
    """One input of a model; ``categories`` is None for a number."""

    name: str
    categories: tuple[str, ...] | None = None

    @cached_property
    def codes(self) -> dict[str, float]:
        """Position of each category."""
        return {name: float(code) for code, name in enumerate(self.categories or ())}


@dataclass(frozen=True)
class Encoder:
    """The inputs of a model in order; a category never seen in training is missing."""

    columns: tuple[Column, ...]

    @classmethod
    def fit(cls, frame: pl.DataFrame, features: list[Feature]) -> "Encoder":
        """Remember the categories of ``frame``; features that are absent from it are left out."""
        return cls(
            tuple(
                Column(f.name, tuple(sorted(frame[f.name].drop_nulls().unique())) if f.is_category else None)
                for f in features
                if f.name in frame.columns
            )
        )

    @cached_property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def feature_types(self) -> list[str]:
        """As XGBoost calls them: ``q`` a number, ``c`` a category."""
        return ["q" if column.categories is None else "c" for column in self.columns]

    def transform(self, rows: Features) -> np.ndarray:
        """Return the matrix of float32, shape (rows, columns); missing and unseen are NaN."""
        there = rows.schema
        missing = [name for name in self.names if name not in there]
        if missing:
            raise ValueError(f"features: the model needs {missing}, found {list(there)}")
        plain = few(rows)
        return self._many(framed(rows)) if plain is None else self._few(plain)

    def _many(self, frame: pl.DataFrame) -> np.ndarray:
        out = np.empty((len(frame), len(self.columns)), dtype=np.float32)
        numbers = [at for at, column in enumerate(self.columns) if column.categories is None]
        if numbers:
            values = frame.select(pl.col(self.columns[at].name).cast(pl.Float64) for at in numbers)
            out[:, numbers] = values.to_numpy()
        for at, column in enumerate(self.columns):
            if column.categories is not None:
                out[:, at] = _coded(frame[column.name], column)
        return out

    def _few(self, plain: FewRows) -> np.ndarray:
        """The same without a query: for a request that is the greater part of the time."""
        picked = itemgetter(*(plain.places[name] for name in self.names), 0)  # one more: always a tuple
        rows = [list(picked(row)) for row in plain.rows]
        for at in self._categories.tolist():
            codes = self.columns[at].codes
            for row in rows:
                row[at] = None if row[at] is None else codes.get(str(row[at]))
        values = [row[:-1] for row in rows]
        return np.array(values, dtype=np.float64).reshape(len(rows), len(self.columns)).astype(np.float32)

    def unseen(self, rows: Features, matrix: np.ndarray) -> np.ndarray:
        """Return which categories of ``rows`` were never seen in training, shape of its ``matrix``, bool."""
        out = np.zeros(matrix.shape, dtype=bool)
        for at in self._categories[np.isnan(matrix[:, self._categories]).any(axis=0)]:
            out[:, at] = np.isnan(matrix[:, at]) & _is_there(rows, self.columns[at].name)
        return out

    @cached_property
    def _categories(self) -> np.ndarray:
        return np.array([at for at, c in enumerate(self.columns) if c.categories is not None], dtype=np.int64)

    def to_json(self) -> list[dict[str, Any]]:
        return [{"name": c.name, "categories": c.categories and list(c.categories)} for c in self.columns]

    @classmethod
    def from_json(cls, rows: list[dict[str, Any]]) -> "Encoder":
        return cls(
            tuple(
                Column(r["name"], None if r["categories"] is None else tuple(r["categories"])) for r in rows
            )
        )


def _is_there(rows: Features, name: str) -> np.ndarray:
    if isinstance(rows, FewRows):
        return np.array([value is not None for value in rows.column(name)], dtype=bool)
    return rows[name].is_not_null().to_numpy()


def _coded(values: pl.Series, column: Column) -> np.ndarray:
    """Position of each value among the categories, shape (rows,); NaN where missing or unseen."""
    coded = values.cast(pl.String).replace_strict(column.codes, default=None, return_dtype=pl.Float32)
    return coded.fill_null(float("nan")).to_numpy()
