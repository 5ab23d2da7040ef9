"""From feature columns to the matrix a booster reads, with the categories seen in training."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from features.feature import Feature

FEW = 64  # rows for which a dictionary is quicker than a query


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

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def feature_types(self) -> list[str]:
        """As XGBoost calls them: ``q`` a number, ``c`` a category."""
        return ["q" if column.categories is None else "c" for column in self.columns]

    def transform(self, frame: pl.DataFrame) -> np.ndarray:
        """Matrix of float32, shape (rows, columns); missing and unseen are NaN."""
        there = set(frame.columns)
        missing = [name for name in self.names if name not in there]
        if missing:
            raise ValueError(f"features: the model needs {missing}, found {frame.columns}")
        if len(frame) <= FEW:
            return self._few(frame)
        out = np.empty((len(frame), len(self.columns)), dtype=np.float32)
        numbers = [at for at, column in enumerate(self.columns) if column.categories is None]
        if numbers:
            values = frame.select(pl.col(self.columns[at].name).cast(pl.Float64) for at in numbers)
            out[:, numbers] = values.to_numpy()
        for at, column in enumerate(self.columns):
            if column.categories is not None:
                out[:, at] = _coded(frame[column.name], column)
        return out

    def _few(self, frame: pl.DataFrame) -> np.ndarray:
        """The same without a query: for a request that is the greater part of the time."""
        same = frame.columns == self.names
        codes = [column.codes if column.categories is not None else None for column in self.columns]
        rows = [
            [
                np.nan if value is None else value if code is None else code.get(str(value), np.nan)
                for value, code in zip(row, codes, strict=True)
            ]
            for row in (frame if same else frame.select(self.names)).rows()
        ]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(codes)).astype(np.float32)

    def unseen(self, frame: pl.DataFrame, matrix: np.ndarray) -> np.ndarray:
        """Which categories of ``frame`` were never seen in training, shape of its ``matrix``, bool."""
        out = np.zeros(matrix.shape, dtype=bool)
        for at in self._categories[np.isnan(matrix[:, self._categories]).any(axis=0)]:
            out[:, at] = np.isnan(matrix[:, at]) & frame[self.columns[at].name].is_not_null().to_numpy()
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


def _coded(values: pl.Series, column: Column) -> np.ndarray:
    """Position of each value among the categories, shape (rows,); NaN where missing or unseen."""
    coded = values.cast(pl.String).replace_strict(column.codes, default=None, return_dtype=pl.Float32)
    return coded.fill_null(float("nan")).to_numpy()
