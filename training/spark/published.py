"""What the stages of one machine read of a life on Spark, written by executors."""

import shutil
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from features import consent
from features.replacing import replacing
from models.fitted.model import Model
from models.learners.encoder import Encoder
from models.population import OUTSIDE
from models.scorer import OK
from training.results.whole import ListedWhole
from training.spark import partition, scores
from training.spark.margin_bins import by_fold
from training.spark.place import Place
from training.spark.rows import drawn, share_of
from training.stages.score import tell_snapshot

SAMPLE = "sample"  # folder of the part of today's list of which the report's figures are
WANTED = ("row_id", "fold", "label", "as_of", "window_end")  # and the subject, of predictions out of fold


def out_of_fold(
    encoded: Path, sample: Path, subject: str, boosters: Mapping[int, Path], encoder: Encoder, out: Path
) -> None:
    """Write ``oof.parquet`` and ``oof_held_out.parquet`` of a sample, as the fit on one machine does.

    Parameters
    ----------
    encoded, sample
        The sample's matrix, and the folder of its data set.
    boosters
        By validation block, the file of the one that learnt from its past.
    """
    margins = by_fold(pl.read_parquet(encoded), boosters, encoder).select("row_id", "contacted", "margin")
    rows = pl.read_parquet(sample / "dataset.parquet", columns=[*WANTED, subject])
    found = margins.join(rows, on="row_id", how="left", maintain_order="left")
    columns = ("row_id", subject, *WANTED[1:], "margin")
    for name, part in (("oof", pl.col("contacted")), ("oof_held_out", ~pl.col("contacted"))):
        partition.write(found.filter(part).select(columns), out / f"{name}.parquet")


def listed(
    session: Any, place: Place, people: Path, model: Path, scored: Path, moment: int, out: Path
) -> ListedWhole:
    """Write ``scores.parquet`` and ``snapshot/`` of everybody, and the same of a sample below ``sample/``.

    Parameters
    ----------
    people, scored
        Everybody with features, and with numbers and reasons, in buckets.
    moment
        As of which (seconds).

    Returns
    -------
    What the report tells of everybody: added up on the executors.
    """
    rows = (
        pl.scan_parquet(people / "part-*.parquet").select(pl.len()).collect().item()
    )  # of the footers alone
    parts = out / "parts"
    work = partial(_listed, place, people, model, scored, moment, share_of(place, rows), parts)
    counts, total = partition.each(session, place.buckets, work, _added)
    session.sparkContext.parallelize([0], 1).foreach(partial(_gathered, model, scored, parts, out))
    shutil.rmtree(parts)
    ok = counts.pop("ok")
    return {
        "asked": counts.pop("asked"),
        "scored": ok,
        "bands": {band["name"]: counts[band["name"]] for band in Model.load(model).card["bands"]},
        "mean": total / ok if ok else None,
    }


Told = tuple[Counter[str], float]  # how many are asked about, have a score, by band; sum of probabilities


def _added(one: Told, other: Told) -> Told:
    return one[0] + other[0], one[1] + other[1]


def _listed(
    place: Place, people: Path, folder: Path, scored: Path, moment: int, share: float, out: Path, number: int
) -> Told:
    found = scores.snapshot(place, people, Model.load(folder), moment, number)
    found = found.drop(consent.REASON, OUTSIDE, strict=False)
    told = pl.read_parquet(partition.part(scored, number))
    partition.write(found, partition.part(out / "snapshot", number))
    for name, rows in (("scores", told), ("snapshot", found)):
        partition.write(drawn(rows, "subject_id", share), partition.part(out / SAMPLE / name, number))
    ok = told.filter(pl.col("status") == OK)
    counts = Counter(dict(ok["band"].value_counts().iter_rows()))
    return counts + Counter(asked=len(told), ok=len(ok)), float(ok["probability"].sum())


def _gathered(model: Path, scored: Path, parts: Path, out: Path, _: Any) -> None:
    """Put the parts into one file each, a row group after the other: no more than that is held."""
    whole, place = "snapshot/snapshot.parquet", out / SAMPLE
    sources = {out / "scores.parquet": scored, out / whole: parts / "snapshot"}
    sources |= {
        place / "scores.parquet": parts / SAMPLE / "scores",
        place / whole: parts / SAMPLE / "snapshot",
    }
    for file, source in sources.items():
        with replacing(file, contended=True) as aside:
            pl.scan_parquet(source / "part-*.parquet").sink_parquet(aside)
    found = pl.scan_parquet(out / whole).select(pl.len(), pl.col("as_of").max()).collect()
    rows, moment = found.row(0)
    tell_snapshot(out / "snapshot", Model.load(model), rows, int(moment or 0))
