"""Features as the matrix that a booster reads, and what is counted of them: categories, ranges, rates."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.feature import Feature
from models.card import Parts
from models.fitted import observed_rates
from models.learners.encoder import Column, Encoder
from training.data.artifacts import Dataset
from training.data.rows import catalogued, is_contacted
from training.spark import partition
from training.spark.place import Place

COLUMN = "f{}"  # names of the matrix's columns: XGBoost refuses some signs of ours


@dataclass(frozen=True)
class Values:
    """What some rows have of a feature: the least and the greatest, categories, whether it is missing."""

    ends: frozenset[Any]
    categories: frozenset[str]
    missing: bool

    @property
    def differ(self) -> bool:
        """Whether there are two different ones, missing counted as one."""
        return len(self.ends) + self.missing > 1

    def __or__(self, other: "Values") -> "Values":
        ends = self.ends | other.ends
        return Values(
            frozenset((min(ends), max(ends))) if ends else ends,
            self.categories | other.categories,
            self.missing or other.missing,
        )


@dataclass(frozen=True)
class Counted:
    """Rows, positives among them, and the end of the last outcome window in seconds."""

    rows: int
    positives: int
    until: int

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.rows + other.rows, self.positives + other.positives, max(self.until, other.until))


def encoder(session: Any, place: Place, source: Path, facts: Dataset) -> Encoder:
    """Return the inputs that say anything before the test, with all categories that are there."""
    features = catalogued(facts)
    found = partition.each(session, place.buckets, partial(_values, source, features_told(features)), _merged)
    says = [feature for feature in features if found[feature.name].differ]
    return Encoder(tuple(_column(feature, found[feature.name]) for feature in says))


def features_told(features: list[Feature]) -> dict[str, bool]:
    """Return names, and of each whether it is a category: what an executor is told."""
    return {feature.name: feature.is_category for feature in features}


def _column(feature: Feature, values: Values) -> Column:
    return Column(feature.name, tuple(sorted(values.categories)) if feature.is_category else None)


def _values(source: Path, features: dict[str, bool], number: int) -> dict[str, Values]:
    rows = pl.read_parquet(partition.part(source, number))
    rows = rows.filter(is_contacted(rows)).filter(~pl.col("split").is_in(["gap", "test"]))
    return {name: _of(rows[name], category) for name, category in features.items()}


def _of(values: pl.Series, category: bool) -> Values:
    there = values.drop_nulls()
    ends = frozenset((there.min(), there.max())) if len(there) else frozenset()
    categories = frozenset(there.unique()) if category else frozenset()
    return Values(ends, categories, len(there) < len(values))


def _merged(one: dict[str, Values], other: dict[str, Values]) -> dict[str, Values]:
    return {name: one[name] | other[name] for name in one}


def encoded(encoder: Encoder, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows as a fit reads them: the matrix as ``f0``, ``f1``, …, NaN where missing, and the split."""
    matrix = encoder.transform(rows)
    told = rows.select("row_id", "as_of", "window_end", "split", "fold", pl.col("label").cast(pl.Float64))
    columns = {COLUMN.format(at): matrix[:, at] for at in range(matrix.shape[1])}
    return told.with_columns(is_contacted(rows).alias("contacted"), **columns)


def as_matrix(rows: pl.DataFrame, encoder: Encoder) -> np.ndarray:
    """Return the matrix of ``encoded`` rows, float32, shape (rows, columns)."""
    return rows.select(COLUMN.format(at) for at in range(len(encoder.columns))).to_numpy()


def observed(
    session: Any, place: Place, source: Path, sample: pl.DataFrame, encoder: Encoder, splits: tuple[str, ...]
) -> tuple[dict[str, Parts], Counted]:
    """Return the card's rates by value over all rows of ``splits``, and how many rows these are.

    The edges of the parts are those of the ``sample``.
    """
    inside = observed_rates.ranges(sample, encoder)
    work = partial(_counted, source, inside, splits)
    counts, told = partition.each(session, place.buckets, work, _sums)
    return observed_rates.rates_of(counts), told


def _counted(
    source: Path, inside: dict[str, Any], splits: tuple[str, ...], number: int
) -> tuple[dict[str, Any], Counted]:
    rows = pl.read_parquet(partition.part(source, number)).filter(pl.col("split").is_in(splits))
    rows = rows.filter(is_contacted(rows))
    told = Counted(len(rows), int(rows["label"].sum()), int(rows["window_end"].max() or 0))
    return observed_rates.counted(rows, rows["label"].to_numpy(), inside), told


def _sums(
    one: tuple[dict[str, Any], Counted], other: tuple[dict[str, Any], Counted]
) -> tuple[dict[str, Any], Counted]:
    return observed_rates.added(one[0], other[0]), one[1] + other[1]
