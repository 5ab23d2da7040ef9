"""Everybody scored, bucket by bucket, by the batch's own code; percentiles and bands from sketches."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features import consent
from features.replacing import replacing
from models.fitted.model import Model
from models.fitted.release_format import POPULATION
from models.population import outside
from models.scorer import Population, Scorer
from training.data.consents import with_reasons
from training.io import say, write_json
from training.spark import partition
from training.spark.margin_bins import TEST, quantiles
from training.spark.place import Place
from training.stages.score import ASKED, about_nobody, outside_counts, outside_told, write_scores

NEAR = 1e-4  # share of the population within which a sketch is right


def chances(session: Any, place: Place, people: Path, model: Path, moment: int, out: Path) -> None:
    """Write the probability of everybody whom the task is about, and whether they may be ``scored``."""
    partition.each(session, place.buckets, partial(_chances, place, people, model, moment, out), max)


def _chances(place: Place, people: Path, folder: Path, moment: int, out: Path, number: int) -> int:
    model = Model.load(folder)
    rows = snapshot(place, people, model, moment, number).filter(ASKED[1])
    scored = (
        rows[consent.REASON].is_null()
        if consent.REASON in rows.columns
        else pl.repeat(True, len(rows), eager=True)
    )
    found = pl.DataFrame(
        {"p": model.probability(rows), "scored": scored}, schema={"p": pl.Float64, "scored": pl.Boolean}
    )
    partition.write(found, partition.part(out, number))
    return number


def snapshot(place: Place, people: Path, model: Model, moment: int, number: int) -> pl.DataFrame:
    """Read one bucket of everybody as the batch has it: inputs, consent, why somebody is outside."""
    task, rows = place.task, pl.read_parquet(partition.part(people, number))
    rows = rows.rename({task.subject: "subject_id"})
    if kind := consent.KINDS.get(task.subject):
        with partition.view(place.cuts, number) as tables:
            listed = tables / f"{partition.CONSENT}.parquet"
            rows = with_reasons(rows, kind, place.params, moment, listed)
    also = [name for name in (*consent.FACTS, consent.REASON) if name in rows.columns]
    rows = rows.select(*_keys(rows), "as_of", *model.reads, *also).sort(_keys(rows))
    return rows.with_columns(outside(rows, model.boundaries))


def _keys(rows: pl.DataFrame) -> list[str]:
    return ["subject_id", *(["campaign_id"] if "campaign_id" in rows.columns else [])]


def population(session: Any, chances: Path, model: Path, as_of: str) -> Population | None:
    """Return those whom percentiles and bands are stated against, from a sketch of their probabilities.

    None where the task is about nobody who is there.
    """
    from pyspark.sql import functions as f

    shares = [band["share"] for band in Model.load(model).card["bands"]]
    every = session.read.parquet(f"{chances}/*.parquet")
    n, free = every.select(f.count("*"), f.sum(f.col("scored").cast("int"))).first()
    if not n:
        return None
    asked = every.where("scored") if free else every
    grid = quantiles(asked, "p", np.linspace(0, 1, 101).tolist())
    lows = _lows(asked, free or n, shares)
    return Population(tuple(grid), as_of, int(free or n), lows, _means(asked, lows, len(shares)))


def tested(session: Any, place: Place, predicted: Path, model: Path, out: Path) -> str:
    """Write what ``chances`` writes, of the rows of the test; return their newest moment.

    ``model`` is the one that is judged on them. As on one machine, they stand for those who are not there.
    """
    newest = partition.each(session, place.buckets, partial(_tested, predicted, model, out), max)
    return datetime.fromtimestamp(newest, UTC).isoformat()


def _tested(predicted: Path, model: Path, out: Path, number: int) -> int:
    rows = pl.read_parquet(partition.part(predicted, number)).filter("contacted", fold=TEST)
    p = pl.Series("p", Model.load(model).calibration.probability(rows["margin"]), pl.Float64)
    partition.write(rows.select(p, scored=True), partition.part(out, number))
    return int(rows["as_of"].max() or 0)


def _lows(asked: Any, n: int, shares: list[float]) -> tuple[float, ...]:
    """Least probabilities of the bands but the last: of the values about each cut the nearest."""
    from pyspark.sql import functions as f

    ends = np.cumsum(shares)[:-1]
    about = {end + step for end in ends.tolist() for step in (-NEAR, 0.0, NEAR)}
    found = sorted(set(quantiles(asked, "p", sorted(min(max(1 - share, 0.0), 1.0) for share in about))))
    after = asked.select(*(f.min(f.when(f.col("p") > value, f.col("p"))) for value in found)).first()
    values = sorted({*found, *(value for value in after if value is not None)})
    counts = asked.select(*(f.sum(f.when(f.col("p") >= value, 1).otherwise(0)) for value in values)).first()
    above = np.array([float(count) for count in counts]) / n
    return tuple(float(values[np.abs(above - end).argmin()]) for end in ends)


def _means(asked: Any, lows: tuple[float, ...], count: int) -> tuple[float, ...]:
    """The mean probability of each band; 0 where nobody is in it."""
    from pyspark.sql import functions as f

    band = sum((f.when(f.col("p") < low, 1).otherwise(0) for low in lows), f.lit(0))
    rows = asked.groupBy(band.alias("band")).agg(f.avg("p").alias("mean")).collect()
    means = {row["band"]: row["mean"] for row in rows}
    return tuple(float(means.get(at, 0.0)) for at in range(count))


def scores(
    session: Any, place: Place, people: Path, model: Path, found: Population, moment: int, out: Path
) -> None:
    """Write ``part-*.parquet``, as the nightly batch: numbers, status and reasons in words of everybody.

    Says how many have a score, and why others are outside.
    """
    work = partial(_scores, place, people, model, found, moment, out)
    rows, asked, why = partition.each(session, place.buckets, work, _added)
    write_json(out / POPULATION, found.to_json())
    if rows == why.total():
        say(about_nobody(place.name, why))
    say(f"{place.name}: scored {asked:,} of {rows:,}{outside_told(why)}")


Told = tuple[int, int, Counter[str]]  # rows, those with a score, and of the others why they are outside


def _added(one: Told, other: Told) -> Told:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _scores(
    place: Place, people: Path, folder: Path, found: Population, moment: int, out: Path, number: int
) -> Told:
    model = Model.load(folder)
    rows = snapshot(place, people, model, moment, number)
    with replacing(partition.part(out, number), contended=True) as path:
        write_scores(Scorer.from_parts(model, found, place.published), rows, _keys(rows), path)
    asked = rows.filter(*(one for one in ASKED if set(one.meta.root_names()) <= {*rows.columns}))
    return len(rows), len(asked), outside_counts(rows)
