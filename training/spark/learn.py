"""Fits on the cluster: trees by ``xgboost.spark`` with the settings that a search found.

Two workers do not find the trees that one machine finds; what they find ranks as well.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from xgboost import Booster

from models.learners import scorecard, tree_sum
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from training.spark.matrix import COLUMN

BOOSTER = "booster.ubj"


@dataclass(frozen=True)
class Fit:
    """What one fit learns from: encoded rows and a condition in SQL over them."""

    rows: Path
    where: str
    recipe: Recipe
    encoder: Encoder
    workers: int


def fitted(session: Any, fit: Fit, sample: Path) -> Booster:
    """Return the booster of a recipe; a scorecard is learnt from the ``sample``, encoded, on one executor.

    A few hundred points need no more than so many rows.
    """
    recipe = fit.recipe
    parts = [] if recipe.estimator == "logistic" else [_trees(session, fit)]
    if recipe.estimator != "trees":
        task = session.sparkContext.parallelize([0], 1).map(partial(_points, fit, sample))
        parts.append(Booster(model_file=bytearray(task.collect()[0])))
    return unnamed(tree_sum.weighted(parts, [0.5, 0.5]) if len(parts) == 2 else parts[0])


def _points(fit: Fit, sample: Path, _: int) -> bytes:
    rows = pl.SQLContext(rows=pl.read_parquet(sample)).execute(f"SELECT * FROM rows WHERE {fit.where}")
    found = rows.collect()
    matrix = found.select(COLUMN.format(at) for at in range(len(fit.encoder.columns))).to_numpy()
    kinds = fit.encoder.feature_types
    return bytes(scorecard.fit(matrix, found["label"].to_numpy(), kinds, fit.recipe.seed).save_raw("ubj"))


def _trees(session: Any, fit: Fit) -> Booster:
    """The mean of the bags; rows are dealt and sorted by id, so that a run can be repeated."""
    names = [COLUMN.format(at) for at in range(len(fit.encoder.columns))]
    rows = session.read.parquet(f"{fit.rows}/*.parquet").where(fit.where).select("row_id", "label", *names)
    dealt = rows.repartition(fit.workers, "row_id").sortWithinPartitions("row_id").persist()
    try:
        seeds = [fit.recipe.seed + bag for bag in range(fit.recipe.bags)]
        return tree_sum.mean([_boosted(dealt, fit, names, seed) for seed in seeds])
    finally:
        dealt.unpersist()


def _boosted(rows: Any, fit: Fit, names: list[str], seed: int) -> Booster:
    from xgboost.spark import SparkXGBClassifier

    logging.getLogger("XGBoost-PySpark").addFilter(_is_warning)
    learner = SparkXGBClassifier(
        features_col=names,
        label_col="label",
        feature_types=fit.encoder.feature_types,
        num_workers=fit.workers,
        tree_method="hist",
        n_estimators=fit.recipe.rounds,
        random_state=seed,
        eval_metric="logloss",
        verbosity=0,
        verbose=False,
        **fit.recipe.settings,
    )
    return unnamed(learner.fit(rows).get_booster())


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def unnamed(booster: Booster) -> Booster:
    """Return it without the matrix's names: which input is which the encoder says."""
    booster.feature_names = None
    return booster


def margins(booster: Booster, matrix: np.ndarray) -> np.ndarray:
    """Return log-odds before calibration, shape (rows,)."""
    return booster.inplace_predict(matrix, predict_type="margin").astype(np.float64)


def before(moment: int, more: Sequence[str] = ()) -> str:
    """Return the condition of those contacted whose outcome is known by ``moment`` (seconds)."""
    return " AND ".join(["contacted", f"window_end <= {moment}", *more])
