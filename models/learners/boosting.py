"""The estimator: gradient-boosted trees with native categories, and the space that is searched."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import optuna
    from xgboost import Booster, QuantileDMatrix

MAX_ROUNDS, PATIENCE = 400, 25
ROUNDS = 200  # with the defaults, where no later rows can tell how many are right
DEEPEST = 7
SMALL, SHALLOW = 10_000, 2  # rows below which trees are at most so deep: what is deeper there is luck
DEFAULTS: dict[str, Any] = {
    "learning_rate": 0.08,
    "max_depth": 4,
    "min_child_weight": 10.0,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "reg_lambda": 5.0,
    "gamma": 0.0,
}


def depth(rows: int) -> int:
    """Return how deep trees may be that learn from ``rows``."""
    return SHALLOW if rows < SMALL else DEEPEST


def defaults(rows: int) -> dict[str, Any]:
    """Return the settings from which a search on ``rows`` starts."""
    return DEFAULTS | {"max_depth": min(DEFAULTS["max_depth"], depth(rows))}


def space(trial: "optuna.trial.BaseTrial", rows: int = SMALL) -> dict[str, Any]:
    """Return one point of the search space for so many rows to learn from."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.2, log=True),
        "max_depth": trial.suggest_int("max_depth", 2, depth(rows)),
        "min_child_weight": trial.suggest_float("min_child_weight", 1, 200, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.2, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.5, 100, log=True),
        "gamma": trial.suggest_float("gamma", 0.0, 5.0),
    }


def quantised(
    matrix: np.ndarray, labels: np.ndarray, feature_types: list[str], like: "QuantileDMatrix | None" = None
) -> "QuantileDMatrix":
    """Return ``matrix`` of shape (rows, columns) in bins, with 0/1 ``labels``; in those of ``like``, if told.

    What several boosters learn from is put in bins once.
    """
    import xgboost

    return xgboost.QuantileDMatrix(
        matrix, labels, feature_types=feature_types, enable_categorical=True, ref=like
    )


def boosted(
    params: dict[str, Any],
    data: "QuantileDMatrix",
    seed: int,
    rounds: int = MAX_ROUNDS,
    threads: int = 1,
    **extra: Any,
) -> "Booster":
    """Return trees fitted on ``data``; ``extra`` goes to ``xgboost.train`` as it is."""
    import xgboost

    settings = {"objective": "binary:logistic", "eval_metric": "logloss", "tree_method": "hist"}
    return xgboost.train(settings | {"seed": seed, "nthread": threads} | params, data, rounds, **extra)


def train(
    params: dict[str, Any],
    matrix: np.ndarray,
    labels: np.ndarray,
    feature_types: list[str],
    seed: int,
    rounds: int = MAX_ROUNDS,
    watch: tuple[np.ndarray, np.ndarray] | None = None,
    threads: int = 1,
) -> "tuple[Booster, int]":
    """Fit on ``matrix`` of shape (rows, columns) and 0/1 ``labels``.

    With ``watch`` (matrix and labels of later rows) boosting stops when their log loss has not
    improved for ``PATIENCE`` rounds. One thread is the default: several small fits side by side
    use the cores better than one fit that waits for its threads after every level.

    Returns
    -------
    booster
        Gives log-odds with ``predict_type="margin"``.
    rounds
        How many rounds were best.
    """
    data = quantised(matrix, labels, feature_types)
    if watch is None:
        return boosted(params, data, seed, rounds, threads)[:rounds], rounds
    later = quantised(*watch, feature_types, like=data)
    stop = {"evals": [(later, "later")], "early_stopping_rounds": PATIENCE, "verbose_eval": False}
    booster = boosted(params, data, seed, rounds, threads, **stop)
    best = booster.best_iteration + 1
    return booster[:best], best
