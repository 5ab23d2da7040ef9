"""Fits on the cluster: trees by ``xgboost.spark`` with the settings that a search found.

Two workers do not find the trees that one machine finds; what they find ranks as well.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from xgboost import Booster, collective
from xgboost.callback import TrainingCallback

from features.replacing import replacing
from models.learners import scorecard, tree_sum
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from training.io import say, write_json
from training.spark.executors import settled
from training.spark.failures import lost_in_fit
from training.spark.matrix import COLUMN

BOOSTER, WORKERS, CONTACTED = "booster.ubj", "workers.json", "contacted"


@dataclass(frozen=True)
class Fit:
    """What one fit learns from: encoded rows and a condition in SQL over them."""

    rows: Path
    where: str
    recipe: Recipe
    encoder: Encoder
    workers: int  # at most
    refits: int = 0  # after an executor was lost


def fitted(session: Any, fit: Fit, sample: Path, out: Path) -> None:
    """Write the booster of a recipe; a scorecard is learnt from the ``sample``, encoded.

    A few hundred points need no more than so many rows. Executors write what they learn, and one of them
    puts it together: the driver has no part in it but to wait.
    """
    files = [] if fit.recipe.estimator == "logistic" else _trees(session, fit, out)
    session.sparkContext.parallelize([0], 1).foreach(partial(_together, fit, sample, files, out))
    for path in files:  # here, since a task may run twice
        path.unlink()


def _together(fit: Fit, sample: Path, files: list[Path], out: Path, _: int) -> None:
    parts = [tree_sum.mean([Booster(model_file=path) for path in files])] if files else []
    if fit.recipe.estimator != "trees":
        parts.append(_points(fit, sample))
    found = unnamed(tree_sum.weighted(parts, [0.5, 0.5]) if len(parts) == 2 else parts[0])
    _save(found, out / BOOSTER)


def _save(booster: Booster, path: Path) -> None:
    with replacing(path, contended=True) as aside:
        aside.write_bytes(booster.save_raw("ubj"))


def _points(fit: Fit, sample: Path) -> Booster:
    rows = pl.SQLContext(rows=pl.read_parquet(sample)).execute(f"SELECT * FROM rows WHERE {fit.where}")
    found = rows.collect()
    matrix = found.select(COLUMN.format(at) for at in range(len(fit.encoder.columns))).to_numpy()
    return scorecard.fit(matrix, found["label"].to_numpy(), fit.encoder.feature_types, fit.recipe.seed)


def _trees(session: Any, fit: Fit, out: Path) -> list[Path]:
    """The bags, a file each; of how many workers each is, is kept beside."""
    files = [out / f"bag-{bag}.ubj" for bag in range(fit.recipe.bags)]
    dealt: dict[str, int] = {}
    again(partial(_bags, session, fit, files, dealt), fit.refits)
    write_json(out / WORKERS, {"workers": sorted({*dealt.values()})})
    return files


def _bags(session: Any, fit: Fit, files: list[Path], found: dict[str, int]) -> None:
    """Learn the bags that are not there, and note in ``found`` of how many workers each is.

    Rows are dealt and sorted by id, so that a run can be repeated.
    """
    names = [COLUMN.format(at) for at in range(len(fit.encoder.columns))]
    rows = session.read.parquet(f"{fit.rows}/*.parquet").where(fit.where).select("row_id", "label", *names)
    workers = min(settled(session), fit.workers)
    dealt = rows.repartition(workers, "row_id").sortWithinPartitions("row_id").persist()
    try:
        for bag, path in enumerate(files):
            if path.name not in found:
                _boost(dealt, fit, workers, fit.recipe.seed + bag, path)
                found[path.name] = workers
    finally:
        dealt.unpersist()


def again(work: Callable[[], None], times: int) -> None:
    """Do ``work``; where an executor was lost, at most so many ``times`` again, once another has its place.

    All of a fit's workers are needed at once. Where nobody takes the place, those that are left learn alone.
    """
    try:
        work()
    except Exception as error:
        if not (times and lost_in_fit(error)):
            raise
        say(f"spark: an executor was lost while trees were learnt; again, at most {times} times")
        again(work, times - 1)


class Written(TrainingCallback):
    """Let the first worker write the booster to ``path``, and leave one tree of it for the driver.

    XGBoost sends the whole booster as JSON, and the loss of every round, which nobody reads.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def after_iteration(self, model: Booster, epoch: int, evals_log: dict[str, Any]) -> bool:
        """Forget the losses; go on."""
        evals_log.clear()
        return False

    def after_training(self, model: Booster) -> Booster:
        """Write it, and return its first tree."""
        if collective.get_rank() == 0:
            _save(model, self.path)
        return model[:1]


def _boost(rows: Any, fit: Fit, workers: int, seed: int, path: Path) -> None:
    from xgboost.spark import SparkXGBClassifier

    logging.getLogger("XGBoost-PySpark").addFilter(_is_warning)
    learner = SparkXGBClassifier(
        features_col=[COLUMN.format(at) for at in range(len(fit.encoder.columns))],
        label_col="label",
        feature_types=fit.encoder.feature_types,
        num_workers=workers,
        tree_method="hist",
        n_estimators=fit.recipe.rounds,
        random_state=seed,
        eval_metric="logloss",
        verbosity=0,
        verbose=False,
        callbacks=[Written(path)],
        **fit.recipe.settings,
    )
    learner.fit(rows)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def unnamed(booster: Booster) -> Booster:
    """Return it without the matrix's names: which input is which the encoder says."""
    booster.feature_names = None
    return booster


def margins(booster: Booster, matrix: np.ndarray) -> np.ndarray:
    """Return log-odds before calibration, shape (rows,)."""
    return booster.inplace_predict(matrix, predict_type="margin").astype(np.float64)


def before(moment: int) -> str:
    """Return the condition of those contacted whose outcome is known by ``moment`` (seconds)."""
    return f"{CONTACTED} AND window_end <= {moment}"
