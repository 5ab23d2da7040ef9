"""How often another band is reached for those acted on, if the scorer confirms it, and how long it takes.

``python -m tests.bench.counterfactuals BUILD [N]``: of every task with a fitted model below BUILD, N test
rows of the highest band, drawn seeded.
"""

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl

from models.counterfactual import Counterfactuals
from models.fitted.model import Model
from models.scorer import Population, Scorer

SEED = 7


def measure(folder: Path, many: int) -> None:
    """Print one line for the task of ``folder``."""
    test, model = pl.read_parquet(folder / "test.parquet"), Model.load(folder / "model")
    shares = [band["share"] for band in model.card["bands"]]
    scorer = Scorer(model, Population.of(test["probability"], "", shares))
    rows = pl.read_parquet(folder / "dataset.parquet").join(test.select("row_id"), on="row_id", how="semi")
    numbers = scorer.numbers(rows)
    high = rows.filter((numbers["band"] == model.card["bands"][0]["name"]).fill_null(False))
    high = high.sample(min(many, len(high)), seed=SEED)
    finder, reasons, taken, tables, wrong = Counterfactuals(scorer), Counter[str](), [], Counter[int](), 0
    worked: list[float] = []  # of the processor: a busy machine takes longer than it works
    started = time.perf_counter()
    finder.prepare()
    ready = time.perf_counter() - started
    for at in range(len(high)):
        row, started, busy = high[at], time.perf_counter(), time.process_time()
        found = finder.of(row)
        taken.append(1000 * (time.perf_counter() - started))
        worked.append(1000 * (time.process_time() - busy))
        reasons[found.reason] += 1
        if found.found:
            tables[sum(change.stated for change in found.changes)] += 1
            told = (pl.lit(c.after, dtype=row.schema[c.feature]).alias(c.feature) for c in found.changes)
            again = scorer.numbers(row.with_columns(told))
            wrong += again["band"].item() != found.band
            wrong += not np.isclose(again["probability"].item(), found.probability)
    print(
        f"{folder.name}: {len(high)} rows, {dict(reasons)}, not confirmed {wrong}, facts stated "
        f"{dict(sorted(tables.items()))}, mean {np.mean(taken):.1f} ms, "
        f"p95 {np.quantile(taken, 0.95):.1f} ms, of the processor {np.mean(worked):.1f} ms, "
        f"prepared in {ready:.2f} s",
        flush=True,
    )


if __name__ == "__main__":
    for model in sorted(Path(sys.argv[1]).glob("*/model")):
        measure(model.parent, int(sys.argv[2]) if len(sys.argv) > 2 else 500)
