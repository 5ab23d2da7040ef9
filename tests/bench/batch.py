"""``make bench-batch``: contributions of many rows, and the whole nightly batch, against XGBoost's own.

Rows are those of the released snapshot, repeated with numbers shaken a little, so that no row stands
twice. Both ways explain the same rows; the largest difference is told. The batch writes scores and
five reasons a row to Parquet, in parts, as the pipeline's ``score`` stage does.
"""

import argparse
import os
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import xgboost

from models.fitted.shap_values import contributions
from models.scorer import Scorer
from serving import settings
from serving.champion import registry
from training.stages.score import write_scores


def shaken(frame: pl.DataFrame, rows: int, names: list[str], seed: int = 0) -> pl.DataFrame:
    """``rows`` rows drawn from ``frame``, every number up to 5 % higher or lower."""
    rng = np.random.default_rng(seed)
    drawn = frame[rng.integers(0, len(frame), rows)]
    numbers = [name for name in names if drawn[name].dtype.is_numeric()]
    return drawn.with_columns(
        *(pl.col(name) * pl.Series(rng.uniform(0.95, 1.05, rows)) for name in numbers),
        subject_id=pl.int_range(rows).cast(pl.String),
    )


def main() -> None:
    """Print seconds, the ratio, the largest difference and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", nargs="?", default="churn")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--batch-only", action="store_true", help="leave XGBoost's own way out")
    asked = parser.parse_args()
    here = settings.load()
    folder = registry.local(here, asked.task)
    if folder is None:
        raise SystemExit("no released model here; run `make demo` and `python -m serving pull` first")
    scorer = Scorer.load(folder)
    names = scorer.model.encoder.names
    frame = pl.read_parquet(here.build_dir / asked.task / "snapshot" / "snapshot.parquet")
    frame = shaken(frame, asked.rows, names)
    matrix = scorer.model.encoder.transform(frame)
    trees, columns = scorer.model.booster.num_boosted_rounds(), matrix.shape[1]
    print(f"{asked.task}: {asked.rows:,} rows, {columns} inputs, {trees} trees")
    own = compared(scorer, matrix, asked.batch_only)
    taken = batch(scorer, frame)
    if own:
        print(f"the whole batch against XGBoost's own contributions alone: ratio {own / taken:.1f}")


def compared(scorer: Scorer, matrix: np.ndarray, alone: bool) -> float:
    """Time our contributions and, unless ``alone``, XGBoost's own; return the seconds of those."""
    begun = time.perf_counter()
    ours = contributions(scorer.model.booster, matrix)
    taken = time.perf_counter() - begun
    print(f"contributions, ours {taken:.1f} s", end="\n" if alone else "", flush=True)
    if alone:
        return 0.0
    begun, worst = time.perf_counter(), 0.0
    kinds = scorer.model.encoder.feature_types
    for start in range(0, len(matrix), 50_000):
        part = slice(start, start + 50_000)
        data = xgboost.DMatrix(matrix[part], feature_types=kinds, enable_categorical=True)
        theirs = scorer.model.booster.predict(data, pred_contribs=True)[:, :-1]
        worst = max(worst, float(np.abs(theirs - ours[part]).max()))
    own = time.perf_counter() - begun
    print(f", XGBoost's own {own:.1f} s, ratio {own / taken:.1f}, largest difference {worst:.1e}")
    return own


def batch(scorer: Scorer, frame: pl.DataFrame) -> float:
    """Time the whole batch with reasons; return its seconds."""
    processes = os.cpu_count() or 1
    with TemporaryDirectory() as parent:
        begun = time.perf_counter()
        write_scores(scorer, frame, ["subject_id"], Path(parent) / "scores.parquet", processes)
        taken = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"batch with reasons {taken:.1f} s, {processes} processes, {len(frame) / taken:,.0f} rows/s, "
        f"peak {peak:.1f} GB, the rows themselves included"
    )
    return taken


if __name__ == "__main__":
    main()
