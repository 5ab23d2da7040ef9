"""The data set of a run: split in time, with its features, its facts in numbers and a sample of it."""

from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from models.task import Task
from training.data import sufficiency
from training.data.artifacts import Dataset, Ingest, Sampled, Step, Sufficiency, write_artifact
from training.data.draw import of_share
from training.data.feature_groups import of_task
from training.data.rows import GAP
from training.data.split import Split, split_in_time
from training.spark import partition, spine
from training.spark.place import Place
from training.stages.dataset import PARTS, Summary, facts_of, how_split, summary
from training.stages.dataset import enough as counted

FACTS = "dataset.json"


def split(session: Any, place: Place, source: Path, out: Path) -> Split:
    """Write the questions of ``source`` with their ``split`` and ``fold``."""
    found = split_in_time(session.read.parquet(f"{source}/*.parquet"), place.spine)
    spine.rewritten(session, place, source, found.assign, out)
    return found


def described(
    session: Any, place: Place, found: Split, steps: list[Step], ingest: Ingest, out: Path
) -> Dataset:
    """Return what ``dataset.json`` says of the parts in ``out``.

    Raises
    ------
    ValueError
        A part with outcomes of one kind only, or nothing to learn from before the first block.
    """
    splits, last = partition.each(
        session, place.buckets, partial(_summed, place, out), partial(_added, place.task)
    )
    _require_labels(splits, found, place.name)
    with partition.view(place.cuts, 0) as tables:
        groups = of_task(place.params, place.task, tables)
    return facts_of(
        place.task, getattr(place.params.spine, place.name), splits, found, groups, [*steps, last], ingest, []
    )


Summed = tuple[dict[str, Summary], Step]


def _summed(place: Place, folder: Path, number: int) -> Summed:
    """Each part of the split in one bucket, and the last step of the waterfall."""
    task = place.task
    path, wanted = partition.part(folder, number), (task.subject, "as_of", "label", "split", "by_chance")
    there = pl.read_parquet_schema(path)
    rows = pl.read_parquet(path, columns=[name for name in wanted if name in there])
    kept = rows.filter(pl.col("split") != GAP)
    splits = {part: summary(kept.filter(pl.col("split") == part), task) for part in PARTS}
    subjects = kept[task.subject].n_unique()
    return splits, {"step": how_split(place.spine), "rows": len(kept), "subjects": subjects}


def _added(task: Task, one: Summed, other: Summed) -> Summed:
    """Two sums of different subjects."""
    splits = {part: _both(one[0][part], other[0][part]) for part in PARTS}
    rows, subjects = (one[1][key] + other[1][key] for key in ("rows", "subjects"))
    return splits, {"step": one[1]["step"], "rows": rows, "subjects": subjects}


def _both(one: Summary, other: Summary) -> Summary:
    firsts = [part.first for part in (one, other) if part.first is not None]
    lasts = [part.last for part in (one, other) if part.last is not None]
    rows, subjects, positives = (sum(pair) for pair in zip(one[:3], other[:3], strict=True))
    chances = [part.by_chance for part in (one, other) if part.by_chance is not None]
    moments = min(firsts, default=None), max(lasts, default=None)
    return Summary(rows, subjects, positives, *moments, sum(chances) if chances else None)


def _require_labels(splits: dict[str, Summary], found: Split, name: str) -> None:
    for part, told in splits.items():
        if told.rows and told.positives in (0, told.rows):
            raise ValueError(
                f"{name}: the {part} part has {told.rows:,} rows and only one class; a model needs both"
            )
    if not found.blocks or not splits["train"].rows:
        raise ValueError(f"{name}: no rows to learn from before the first validation block")


def enough(session: Any, place: Place, source: Path) -> list[Sufficiency]:
    """Tell whether there is enough data, of all rows and by segment: counted bucket by bucket."""
    work = partial(_enough, source)
    found: list[Sufficiency] = partition.each(
        session, place.buckets, work, sufficiency.added, sufficiency.assessed
    )
    return found


def _enough(source: Path, number: int) -> pl.DataFrame:
    return counted(partition.part(source, number))


def sample(session: Any, place: Place, source: Path, facts: Dataset, out: Path) -> Dataset:
    """Write ``dataset.parquet`` and ``dataset.json`` of a sample: whole subjects, drawn by their hash.

    The facts say how many of how many these are; their counts by part stay those of all rows.
    """
    every = sum(told["rows"] for told in facts["splits"].values())
    share = share_of(place, every)
    rows, subjects = partition.each(
        session,
        place.buckets,
        partial(_drawn, place, source, share, out),
        lambda a, b: (a[0] + b[0], a[1] + b[1]),
    )
    session.sparkContext.parallelize([0], 1).foreach(partial(_gathered, place.task.question_key, out))
    of = facts["waterfall"][-1]["subjects"]
    found: Sampled = {"share": share, "rows": rows, "of": every, "subjects": subjects, "of_subjects": of}
    told: Dataset = {**facts, "sample": found}
    write_artifact(out, Dataset, told)
    return told


def share_of(place: Place, rows: int) -> float:
    """Return the share of so many rows that a sample holds."""
    return min(1.0, place.params.spark.sample_rows / max(rows, 1))


def _drawn(place: Place, source: Path, share: float, out: Path, number: int) -> tuple[int, int]:
    """One bucket's part of the sample; its rows and subjects without those of the gap."""
    rows = drawn(pl.read_parquet(partition.part(source, number)), place.task.subject, share)
    partition.write(rows, partition.part(out, number))
    kept = rows.filter(pl.col("split") != GAP)
    return len(kept), kept[place.task.subject].n_unique()


def drawn(rows: pl.DataFrame, key: str, share: float) -> pl.DataFrame:
    """Return the rows of the subjects that are of the sample."""
    kept = of_share(rows[key].unique(), share)
    return rows.filter(pl.col(key).is_in(kept.implode()))


def _gathered(key: str, folder: Path, _: Any) -> None:
    """Put the parts in the order of one machine: where the sample is everything, its search is the same."""
    parts = sorted(folder.glob("part-*.parquet"))
    every = pl.concat([pl.read_parquet(path) for path in parts], how="vertical_relaxed")
    ordered = every.sort("as_of", key).with_columns(row_id=pl.int_range(pl.len(), dtype=pl.Int64))
    partition.write(ordered, folder / "dataset.parquet")
    for path in parts:
        path.unlink()
