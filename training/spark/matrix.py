"""Features as the matrix that a booster reads, and what is counted of them: categories, ranges, rates."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.feature import Feature
from models.fitted import observed_rates
from models.learners.encoder import Column, Encoder
from training.data.artifacts import Dataset
from training.data.rows import catalogued, is_contacted
from training.spark import partition
from training.spark.place import Place

Values = dict[str, dict[str, Any]]  # of each feature: least, greatest, whether missing, categories
COLUMN = "f{}"  # names of the matrix's columns: XGBoost refuses some signs of ours


def encoder(session: Any, place: Place, source: Path, facts: Dataset) -> Encoder:
    """Return the inputs that say anything before the test, with all categories that are there."""
    features = catalogued(facts)
    found = partition.each(session, place.buckets, partial(_values, source, features_told(features)), _merged)
    says = [feature for feature in features if _says(found[feature.name])]
    return Encoder(tuple(_column(feature, found[feature.name]) for feature in says))


def features_told(features: list[Feature]) -> dict[str, bool]:
    """Return names, and of each whether it is a category: what an executor is told."""
    return {feature.name: feature.is_category for feature in features}


def _column(feature: Feature, values: dict[str, Any]) -> Column:
    return Column(feature.name, tuple(sorted(values["categories"])) if feature.is_category else None)


def _says(values: dict[str, Any]) -> bool:
    return len(values["ends"]) + values["missing"] > 1


def _values(source: Path, features: dict[str, bool], number: int) -> Values:
    rows = pl.read_parquet(partition.part(source, number))
    rows = rows.filter(is_contacted(rows)).filter(~pl.col("split").is_in(["gap", "test"]))
    return {name: _of(rows[name], category) for name, category in features.items()}


def _of(values: pl.Series, category: bool) -> dict[str, Any]:
    there = values.drop_nulls()
    ends = {there.min(), there.max()} if len(there) else set()
    return {
        "ends": ends,
        "missing": len(there) < len(values),
        "categories": set(there.unique()) if category else set(),
    }


def _merged(one: Values, other: Values) -> Values:
    return {name: _both(one[name], other[name]) for name in one}


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    ends = one["ends"] | other["ends"]
    return {
        "ends": {min(ends), max(ends)} if ends else ends,
        "missing": one["missing"] or other["missing"],
        "categories": one["categories"] | other["categories"],
    }


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
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the card's rates by value over all rows of ``splits``, and how many rows these are.

    The edges of the parts are those of the ``sample``.
    """
    inside = observed_rates.ranges(sample, encoder)
    work = partial(_counted, source, inside, splits)
    counts, told = partition.each(session, place.buckets, work, _sums)
    return observed_rates.rates_of(counts), told


def _counted(
    source: Path, inside: dict[str, Any], splits: tuple[str, ...], number: int
) -> tuple[dict[str, Any], dict[str, int]]:
    rows = pl.read_parquet(partition.part(source, number)).filter(pl.col("split").is_in(splits))
    rows = rows.filter(is_contacted(rows))
    told = {
        "rows": len(rows),
        "positives": int(rows["label"].sum()),
        "until": int(rows["window_end"].max() or 0),
    }
    return observed_rates.counted(rows, rows["label"].to_numpy(), inside), told


def _sums(one: tuple[Any, dict[str, int]], other: tuple[Any, dict[str, int]]) -> tuple[Any, dict[str, int]]:
    told = {key: one[1][key] + other[1][key] for key in ("rows", "positives")}
    until = max(one[1]["until"], other[1]["until"])
    return observed_rates.added(one[0], other[0]), told | {"until": until}
