"""What is told of predictions without their rows: margins in bins with counts, and sums by band."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from xgboost import Booster

from models.card import BandRow
from models.learners.calibration import Calibration
from models.learners.encoder import Encoder
from models.task import Task
from training.evaluation.metrics import Ranked, all_metrics, share_interval
from training.evaluation.recalibration import POSITIVES
from training.spark import partition
from training.spark.learn import margins
from training.spark.matrix import as_matrix
from training.spark.place import Place
from training.stages.fit import told_band

TEST = -1  # as a fold
WIDTH = 0.02  # log-odds of one bin; its rows stand at their mean, so that what is left is of second order
SPREAD = 20  # places in a bin
BINS = ("fold", "label", "bin")


def predicted(
    session: Any, place: Place, source: Path, boosters: Mapping[int, Path], encoder: Encoder, out: Path
) -> pl.DataFrame:
    """Write the margin of every row of the folds by the booster of its own fold; return them in bins.

    Parameters
    ----------
    source
        Encoded rows.
    boosters
        By fold, the file of each; -1 is the test.

    Returns
    -------
    ``fold``, ``label``, ``margin`` (their mean), ``n``: of those that were contacted.
    """
    work = partial(_predicted, source, dict(boosters), encoder, out)
    found: pl.DataFrame = partition.each(
        session, place.buckets, work, lambda one, other: _binned([one, other])
    )
    return means(found)


def _predicted(
    source: Path, boosters: Mapping[int, Path], encoder: Encoder, out: Path, number: int
) -> pl.DataFrame:
    rows = pl.read_parquet(partition.part(source, number))
    found = by_fold(rows, boosters, encoder)
    partition.write(found, partition.part(out, number))
    return in_bins(found.filter("contacted"))


def in_bins(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with ``fold``, ``label`` and ``margin`` in bins: how many in each, and their sum."""
    place = (pl.col("margin") / WIDTH).floor().cast(pl.Int64)
    return _binned([rows.with_columns(bin=place, total="margin", n=pl.lit(1, pl.Int64))])


def means(bins: pl.DataFrame) -> pl.DataFrame:
    """Return the mean ``margin`` of each bin in place of the sum."""
    return bins.select("fold", "label", "n", (pl.col("total") / pl.col("n")).alias("margin"))


def newest(session: Any, place: Place, source: Path, positives: int = POSITIVES) -> pl.DataFrame:
    """Return the newest rows of the test in bins, as ``recalibration.newest`` has them one by one.

    ``source`` are the margins that ``predicted`` wrote.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    rows = session.read.parquet(f"{source}/*.parquet").where(f"contacted and fold = {TEST}")
    moments = rows.groupBy("window_end").agg(f.sum("label").alias("hits"), f.count("*").alias("n"))
    since = Window.orderBy(f.desc("window_end"))
    sums = moments.select("window_end", *(f.sum(name).over(since).alias(name) for name in ("hits", "n")))
    enough = sums.where(f.least("hits", f.expr("n - hits")) >= positives)
    first = enough.agg(f.max("window_end")).first()[0]
    work = partial(_newest, source, first or 0)
    return means(partition.each(session, place.buckets, work, lambda one, other: _binned([one, other])))


def _newest(source: Path, since: int, number: int) -> pl.DataFrame:
    rows = pl.read_parquet(partition.part(source, number))
    return in_bins(rows.filter("contacted", pl.col("window_end") >= since, fold=TEST))


def by_fold(rows: pl.DataFrame, boosters: Mapping[int, Path], encoder: Encoder) -> pl.DataFrame:
    """Return encoded rows of the folds with the ``margin`` by the booster of each, fold by fold."""
    return pl.concat(_margins(rows, fold, path, encoder) for fold, path in sorted(boosters.items()))


def _margins(rows: pl.DataFrame, fold: int, path: Path, encoder: Encoder) -> pl.DataFrame:
    inside = (pl.col("split") == "test") if fold < 0 else (pl.col("fold") == fold)
    part = rows.filter(inside)
    margin = margins(Booster(model_file=path), as_matrix(part, encoder)) if len(part) else np.empty(0)
    told = part.select("row_id", "as_of", "window_end", "label", "contacted", fold=pl.lit(fold, pl.Int64))
    return told.with_columns(margin=pl.Series(margin, dtype=pl.Float64))


def _binned(parts: list[pl.DataFrame]) -> pl.DataFrame:
    rows = pl.concat(part.select(*BINS, "total", "n") for part in parts)
    return rows.group_by(BINS).agg(pl.col("total", "n").sum()).sort(BINS)


def classes(session: Any, encoded: Path, starts: list[int]) -> list[bool]:
    """Return of each validation block whether there are outcomes of both kinds in and before it."""
    from pyspark.sql import functions as f

    rows = session.read.parquet(f"{encoded}/*.parquet").where("contacted")
    sides = [side for at, start in enumerate(starts) for side in (f"window_end <= {start}", f"fold = {at}")]
    kinds = [f.count_distinct(f.when(f.expr(side), f.col("label"))) for side in sides]
    found = [count == 2 for count in rows.select(*kinds).first()]
    return [found[2 * at] and found[2 * at + 1] for at in range(len(starts))]


def measures(bins: pl.DataFrame, calibration: Calibration) -> dict[str, float]:
    """Return every measure of rows in bins, and how many ``rows`` and ``positives`` they are.

    Rows of both labels are spread evenly over their bin, about its mean: at a mean of their own, labels
    would rank rows, and average precision takes rows that are tied for badly ranked ones.
    """
    mean = (pl.col("margin") * pl.col("n")).sum() / pl.col("n").sum()
    steps = pl.DataFrame({"step": ((np.arange(SPREAD) + 0.5) / SPREAD - 0.5) * WIDTH})
    rows = bins.with_columns(mean.over((pl.col("margin") / WIDTH).floor())).join(steps, how="cross")
    n, label = rows["n"].to_numpy() / SPREAD, rows["label"].to_numpy()
    ranked = Ranked.of(label, calibration.probability(rows["margin"] + rows["step"]))
    found = all_metrics(ranked, n[ranked.order])
    return {"rows": int(bins["n"].sum()), "positives": round(float(n @ label)), **found}


def bands(
    session: Any, place: Place, oof: Path, calibration: Calibration, capacity: float | None
) -> list[BandRow]:
    """Return the task's bands, as of the fit on one machine, cut by a quantile sketch."""
    task = place.task
    shares = task.shares(capacity)
    rows = session.read.parquet(f"{oof}/*.parquet").where("contacted and fold >= 0")
    ends = (1 - np.cumsum(shares)[:-1]).clip(0, 1).tolist()
    cuts = [float(calibration.probability(at)) for at in quantiles(rows, "margin", ends)]
    work = partial(_of_bands, place, oof, calibration, cuts)
    found = partition.each(session, place.buckets, work, np.add)
    return [*_told(task, shares, cuts, found)]


def quantiles(rows: Any, column: str, at: list[float], accuracy: int = 10_000) -> list[float]:
    """Return quantiles of a column of a Spark frame, by a sketch with ranks right to 1 in ``accuracy``."""
    from pyspark.sql import functions as f

    return [float(value) for value in rows.select(f.percentile_approx(column, at, accuracy)).first()[0]]


def _of_bands(
    place: Place, oof: Path, calibration: Calibration, cuts: list[float], number: int
) -> np.ndarray:
    """Of each band rows, positives, and by subject the sums of n², n·positives, positives²; (bands, 5)."""
    subject = pl.read_parquet(
        partition.part(place.folder("rows"), number), columns=["row_id", place.task.subject]
    )
    rows = pl.read_parquet(partition.part(oof, number)).filter(pl.col("contacted"), pl.col("fold") >= 0)
    p = calibration.probability(rows["margin"])
    band = pl.Series((p[:, None] < np.asarray(cuts)).sum(axis=1), dtype=pl.Int64)
    joined = rows.with_columns(band=band).join(subject, on="row_id", how="left")
    by = joined.group_by("band", place.task.subject).agg(
        n=pl.len().cast(pl.Float64), hits=pl.col("label").sum()
    )
    n, hits = pl.col("n"), pl.col("hits")
    sums = by.group_by("band").agg(
        n.sum(), hits.sum(), nn=(n * n).sum(), nh=(n * hits).sum(), hh=(hits * hits).sum()
    )
    found = np.zeros((len(cuts) + 1, 5))
    found[sums["band"].to_numpy()] = sums.select("n", "hits", "nn", "nh", "hh").to_numpy()
    return found


def _told(task: Task, shares: list[float], cuts: list[float], sums: np.ndarray) -> Any:
    lows, highs = [*cuts, 0.0], [1.0, *cuts]
    for band, share, low, high, row in zip(task.bands, shares, lows, highs, sums, strict=True):
        n, hits, nn, nh, hh = row.tolist()
        rate = hits / n if n else 0.0
        apart = hh - 2 * rate * nh + rate**2 * nn
        told = share_interval(int(n), rate, apart) if n else (0.0, 1.0)
        yield told_band(band, share, (low, high), (int(n), int(hits)), told)
