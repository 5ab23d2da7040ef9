"""Which columns bring anything out of fold: those without which later rows would be predicted worse.

A brand with fifty tables of its own has thousands of columns by rule. A booster fitted on the past tells
for each later row what every column contributed; a column whose contributions, taken away, leave the
later outcomes no less probable has only learnt what was luck.
"""

from collections.abc import Iterable

import numpy as np
import polars as pl
from xgboost import DMatrix

from features.feature import Feature
from models.learners import boosting
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe

ROUNDS = 150
Fold = tuple[pl.DataFrame, pl.DataFrame]  # rows to learn from, later rows


def useful(folds: Iterable[Fold], features: list[Feature], seed: int, threads: int = 1) -> dict[str, float]:
    """Return the features that bring something out of fold, by name, with how much: log loss a later row.

    Parameters
    ----------
    folds
        Rows to learn from and later rows, each with 0/1 ``label`` and the features.

    Raises
    ------
    ValueError
        No fold has both classes on both sides.
    """
    total, rows = np.zeros(len(features)), 0
    for past, later in folds:
        if past["label"].n_unique() < 2 or later["label"].n_unique() < 2:
            continue
        total += _benefits(past, later, features, seed, threads)
        rows += len(later)
    if not rows:
        raise ValueError("useful columns: no fold has both outcomes before and after its start")
    found = zip(features, total / rows, strict=True)
    return {feature.name: float(benefit) for feature, benefit in found if benefit > 0}


def _benefits(
    past: pl.DataFrame, later: pl.DataFrame, features: list[Feature], seed: int, threads: int
) -> np.ndarray:
    """What each feature takes off the log loss of the later rows, summed over them, shape (features,)."""
    encoder = Encoder.fit(past, features)
    recipe = Recipe("trees", boosting.defaults(len(past)), ROUNDS, seed)
    booster = recipe.fit(encoder.transform(past), past["label"].to_numpy(), encoder.feature_types, threads)
    data = DMatrix(encoder.transform(later), feature_types=encoder.feature_types, enable_categorical=True)
    told = booster.predict(data, pred_contribs=True).astype(np.float64)
    margin, sign = told.sum(axis=1, keepdims=True), 1.0 - 2.0 * later["label"].to_numpy()[:, None]
    without = np.logaddexp(0, sign * (margin - told[:, :-1])) - np.logaddexp(0, sign * margin)
    return np.asarray(without.sum(axis=0))
