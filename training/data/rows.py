"""The rows of a data set, as the stages after it read them."""

from pathlib import Path

import narwhals as nw
import polars as pl

from features.feature import FEED_END, Feature
from features.timestamps import iso
from models.card import LearntRows
from training.data.artifacts import Dataset, read_artifact

GAP = "gap"  # the split of questions whose outcome was open when the test began
KEYS = (
    "row_id",
    "lead_id",
    "member_id",
    "contact_id",
    "subject_id",
    "campaign_id",
    "arm",
    "as_of",
    "window_end",
    "label",
)


def tables(folder: Path) -> dict[str, pl.LazyFrame]:
    """Return the contract's tables below ``folder``, by name, read when they are needed."""
    return {path.stem: pl.scan_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def read_all(folder: Path) -> tuple[pl.DataFrame, Dataset]:
    """Return every question with its split, those held out in a control arm included.

    Without those of the gap.
    """
    rows, facts = closed(folder)
    return rows.filter(pl.col("split") != GAP), facts


def closed(folder: Path) -> tuple[pl.DataFrame, Dataset]:
    """Return every question whose outcome is known by now, those of the gap before the test included."""
    return pl.read_parquet(folder / "dataset.parquet"), read_artifact(Dataset, folder)


def is_contacted(rows: pl.DataFrame) -> pl.Series:
    """Return which rows were not held out in a control arm, shape (rows,); all where there is none."""
    return rows["arm"] == "treat" if "arm" in rows.columns else pl.repeat(True, len(rows), eager=True)


def read_contacted(folder: Path) -> tuple[pl.DataFrame, Dataset]:
    """Return the rows that a model may learn from and be tested on: those that were really contacted."""
    rows, facts = read_all(folder)
    return rows.filter(is_contacted(rows)), facts


def is_fresh(rows: pl.DataFrame) -> pl.Series:
    """Return which rows were asked of tables that were still fed, shape (rows,): they alone are judged on."""
    if FEED_END not in rows.columns:
        return pl.repeat(True, len(rows), eager=True)
    return rows[FEED_END] == rows["as_of"]


def learnt(rows: pl.DataFrame, facts: Dataset) -> LearntRows:
    """Return what a model's card says of the rows that it learnt from; no moment where there are no dates."""
    until = iso(rows["window_end"].max()) if facts["dated"] else None
    return {"rows": len(rows), "positives": int(rows["label"].sum()), "until": until}


def informative_features(rows: pl.DataFrame, facts: Dataset) -> list[Feature]:
    """Return the features that say anything before the test: more than one value,
    and not dropped as useless.
    """
    past = rows.filter(pl.col("split") != "test")
    return [feature for feature in catalogued(facts) if past[feature.name].n_unique() > 1]


def catalogued(facts: Dataset) -> list[Feature]:
    """Return the features of a data set by its facts, without those that were dropped as useless."""
    dropped = set(facts["dropped"])
    found = [
        Feature(row["name"], nw.lit(None), row["unit"], row["en"], row["zh"], row["empty"])
        for row in facts["features"]
    ]
    return [feature for feature in found if feature.name not in dropped]
