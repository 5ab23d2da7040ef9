"""Questions, labels and features, bucket by bucket, by the code of one machine.

Only what holds of everybody at once is found beforehand from all buckets: the first purchase, the newest
lead, the newest contents (``Population.everybody``), and the boundaries of the split in time.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from features import engines
from features.cumulative import CumulativeGroup
from features.feature import Group
from features.replacing import replacing
from models.population import Population
from training.data.artifacts import Step
from training.data.feature_groups import of_task
from training.data.refusals import refusing_ids
from training.data.rows import tables as scanned
from training.spark import partition
from training.spark.place import Place
from training.stages.dataset import labelled_spine, nothing

SHARE = 1 << 40  # row ids of one bucket
EVERYBODY = "everybody.parquet"


def everybody(session: Any, place: Place, out: Path) -> None:
    """Write what the questions have to know of all subjects at once."""
    work, then = partial(_everybody, place), partial(_together, place, out)
    partition.each(session, place.buckets, work, lambda one, two: one + two, then)


def _together(place: Place, out: Path, found: list[pl.DataFrame]) -> None:
    """Written where it was put together: of rows without dates it names every subject."""
    with replacing(out / EVERYBODY, contended=True) as path:
        place.task.population.together(found).write_parquet(path)


def _everybody(place: Place, number: int) -> list[pl.DataFrame]:
    with partition.view(place.cuts, number) as tables:
        return [place.task.population.everybody(scanned(tables), place.spine)]


def _known(place: Place) -> Population:
    return place.task.population.among(pl.read_parquet(place.folder("everybody") / EVERYBODY))


def past(session: Any, place: Place, end: int, out: Path) -> list[Step]:
    """Write the labelled questions of every bucket before ``end``; return how many were left at each step."""
    steps: list[Step] = partition.each(session, place.buckets, partial(_past, place, end, out), _sum)
    if not steps[-1]["rows"]:
        raise ValueError(nothing(place.task, place.spine))
    return steps


def _past(place: Place, end: int, out: Path, number: int) -> list[Step]:
    task = replace(place.task, population=_known(place))
    with partition.view(place.cuts, number) as tables:
        listed = tables / f"{partition.CONSENT}.parquet"
        without = refusing_ids(place.params, task.subject, end + 1, listed)
        rows, steps = labelled_spine(task, scanned(tables), place.spine, place.params, end, without)
        partition.write(_numbered(rows, number), partition.part(out, number))
    return steps


def _numbered(rows: pl.DataFrame, number: int) -> pl.DataFrame:
    """Row ids that no other bucket has, and the same in every run."""
    here = pl.col("row_id") if "row_id" in rows.columns else pl.int_range(pl.len(), dtype=pl.Int64)
    return rows.with_columns(row_id=number * SHARE + here)


def _sum(one: list[Step], other: list[Step]) -> list[Step]:
    """Waterfalls of different subjects, added up."""
    return [
        {"step": a["step"], "rows": a["rows"] + b["rows"], "subjects": a["subjects"] + b["subjects"]}
        for a, b in zip(one, other, strict=True)
    ]


def now(session: Any, place: Place, moment: int, out: Path) -> None:
    """Write everybody as of ``moment``."""
    partition.each(session, place.buckets, partial(_now, place, moment, out), max)


def _now(place: Place, moment: int, out: Path, number: int) -> int:
    with partition.view(place.cuts, number) as tables:
        rows = _known(place).now(scanned(tables), place.spine, moment)
        partition.write(_numbered(rows.sort(pl.all()), number), partition.part(out, number))
    return len(rows)


def features(session: Any, place: Place, asked: Path, out: Path) -> None:
    """Write the questions of every bucket of ``asked`` with their features.

    What only the subject's own rows tell is computed in the bucket, by the engine of one machine; what
    subjects share goes through Spark's own joins.
    """
    with partition.view(place.cuts, 0) as tables:
        groups = of_task(place.params, place.task, tables)
    shared = [group for group in groups if _is_shared(group)]
    if shared:
        tables = Path(place.build) / "tables"
        engines.to_partitions(session, asked / "*.parquet", tables, shared, out / "shared")
    partition.each(session, place.buckets, partial(_features, place, asked, out), max)


def _is_shared(group: Group) -> bool:
    return isinstance(group, CumulativeGroup)


def _features(place: Place, asked: Path, out: Path, number: int) -> int:
    source, task = partition.part(asked, number), place.task
    target, count = partition.part(out, number), place.params.engine.threads
    with partition.view(place.cuts, number) as tables, TemporaryDirectory(prefix="memberlens-") as folder:
        groups = [group for group in of_task(place.params, task, tables) if not _is_shared(group)]
        found = Path(folder) / "found.parquet"
        engines.to_parquet(source, tables, groups, found, _share(place.params.engine.memory, count), 1)
        frame = pl.read_parquet(found)
    if (out / "shared").exists():
        frame = frame.join(_shared(out / "shared", number), on="row_id", how="left", maintain_order="left")
    partition.write(frame, target)
    return number


def _share(memory: str, count: int) -> str:
    """What one of ``count`` tasks of an executor may hold: ``engine.memory`` is the executor's.

    >>> _share("6GB", 2)
    '3.00GB'
    """
    number, unit = re.fullmatch(r"([\d.]+)\s*(\w+)", memory.strip()).groups()  # type: ignore[union-attr]
    return f"{float(number) / count:.2f}{unit}"


def _shared(folder: Path, number: int) -> pl.DataFrame:
    """Of one bucket's rows what Spark's joins found."""
    low = number * SHARE
    rows = pl.scan_parquet(folder / "*.parquet").filter(pl.col("row_id").is_between(low, low + SHARE - 1))
    return rows.select("row_id", pl.selectors.starts_with("own_")).collect()


Work = Callable[[pl.DataFrame], pl.DataFrame]


def rewritten(session: Any, place: Place, source: Path, work: Work, out: Path) -> None:
    """Write every part of ``source`` anew, as ``work`` makes it."""
    partition.each(session, place.buckets, partial(_rewritten, source, work, out), max)


def _rewritten(source: Path, work: Work, out: Path, number: int) -> int:
    partition.write(work(pl.read_parquet(partition.part(source, number))), partition.part(out, number))
    return number
