"""``make bench-training``: tune, fit and evaluate against plain XGBoost with the same trials.

The floor reads the same file, draws the same rows, tries the points that the search tried, fits the
final model and scores the test: no journal, no calibration, no baselines, no intervals. Rounds
alternate; wall time and peak memory are of whole processes, imports included.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from training.params import load

STAGES = ("tune", "fit", "evaluate")


def _matrix(kinds: list[str], x: Any, y: Any, ref: Any = None) -> Any:
    import xgboost

    return xgboost.QuantileDMatrix(x, y, feature_types=kinds, enable_categorical=True, ref=ref)


def _tried(matrix: Callable[..., Any], settings: dict[str, Any], fold: Any) -> float:
    """One trial on one fold."""
    import xgboost
    from sklearn.metrics import average_precision_score

    from models.learners import boosting

    train = matrix(fold.train, fold.train_label)
    booster = xgboost.train(
        settings, train, boosting.MAX_ROUNDS, evals=[(matrix(fold.valid, fold.valid_label, train), "later")],
        early_stopping_rounds=boosting.PATIENCE, verbose_eval=False,
    )  # fmt: skip
    return average_precision_score(fold.valid_label, booster.inplace_predict(fold.valid))


def floor(folder: str, task: str) -> None:
    """What any program must do that searches with these trials."""
    import polars as pl
    import xgboost
    from sklearn.metrics import average_precision_score, roc_auc_score

    from models.learners.encoder import Encoder
    from training.data.folds import folds
    from training.data.rows import informative_features
    from training.data.rows import read_contacted as rows_of

    params, place = load(), Path(folder)
    rows, facts = rows_of(place)
    past, test = rows.filter(pl.col("split") != "test"), rows.filter(pl.col("split") == "test")
    encoder = Encoder.fit(past, informative_features(rows, facts))
    settings = {"objective": "binary:logistic", "eval_metric": "logloss", "nthread": 1, "seed": params.seed}

    matrix = partial(_matrix, encoder.feature_types)
    parts = folds(rows, facts, encoder, getattr(params.tune, task).rows, params.seed)
    tried = json.loads((place / "tune.json").read_text())
    with ThreadPoolExecutor(params.engine.threads) as pool:
        for trial in tried["trials"]:
            list(pool.map(partial(_tried, matrix, settings | trial["params"]), parts))
    data = matrix(encoder.transform(past), past["label"].to_numpy())
    best = tried["best"]
    booster = xgboost.train(
        settings | best["params"] | {"nthread": params.engine.threads}, data, best["rounds"]
    )
    score, label = booster.inplace_predict(encoder.transform(test)), test["label"].to_numpy()
    print(roc_auc_score(label, score), average_precision_score(label, score))


def ours(home: Path, task: str) -> list[list[str]]:
    """The stages, on a copy of their inputs without the search's journal."""
    return [[sys.executable, "-m", "training", stage, task] for stage in STAGES]


def measured(commands: list[list[str]], folder: Path) -> tuple[float, float]:
    """Seconds and peak gigabytes of commands run one after the other in ``folder``."""
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "PYTHONHASHSEED": "0"}
    begun = time.monotonic()
    for command in commands:
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6


def main() -> None:
    """Print seconds, the ratio and memory of a task that ran before (``make demo``)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", nargs="?", default="churn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--floor", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.floor:
        floor(given.floor, given.task)
        return
    params = load()
    source = params.build / given.task
    if not (source / "tune.json").exists():
        raise SystemExit(f"{source / 'tune.json'}: not found; run make demo first")
    found: dict[str, list[float]] = {"floor": [], "ours": []}
    with TemporaryDirectory() as parent:
        home = Path(parent)
        shutil.copy("params.yaml", home)
        copy = home / source
        copy.mkdir(parents=True)
        for name in ("dataset.parquet", "dataset.json", "tune.json"):
            shutil.copy(source / name, copy)
        plain = [[sys.executable, "-m", "tests.bench.training", given.task, "--floor", str(source)]]
        for _ in range(given.rounds):
            (copy / "study.journal").unlink(missing_ok=True)
            found["floor"].append(measured(plain, home)[0])
            found["ours"].append(measured(ours(home, given.task), home)[0])
        memory = measured([], home)[1]
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    print(f"{given.task}: floor {medians['floor']:.1f} s, ours {medians['ours']:.1f} s", end="")
    print(f", ratio {medians['ours'] / medians['floor']:.2f}, peak of either {memory:.1f} GB")


if __name__ == "__main__":
    main()
