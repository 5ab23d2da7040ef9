"""Tables cut by subject, so that all rows of one person or lead lie in one bucket.

What one bucket's questions, labels and features need of their subjects is in the bucket, and what they
need of everybody is told to them. So the code of one machine runs on it as it is, on whichever worker.
"""

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import compress, decompress

import polars as pl

from features.own_tables import FILE, SUBJECTS
from features.replacing import replacing
from training.spark.executors import slots

AT_ONCE = 4  # tables that are cut side by side
CONSENT = "consent"  # the list of consents, cut like a table
WHOLE, NOBODY = "whole", "nobody"  # the buckets of tables that are no subject's own, and of no rows


def cut(session: Any, tables: Path, consents: Path, key: str, count: int, out: Path) -> None:
    """Write ``out/<table>/bucket=<n>/``: one file a table and bucket, by the hash of ``key``.

    Tables of other subjects are left out, tables of no subject are kept whole, as ``bucket=whole``.

    Parameters
    ----------
    tables
        The contract's tables: a file or a folder of partitions each, named ``<table>.parquet``.
    consents
        The list of consents, by ``kind`` and ``subject_id``.
    """
    found = [(path, key, out / path.stem) for path in sorted(tables.glob("*.parquet"))]
    listed = [(consents, "subject_id", out / CONSENT)] if consents.exists() else []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(_cut, session, path, by, count, place) for path, by, place in [*found, *listed]]
        for job in jobs:
            job.result()
    if (tables / FILE).exists():
        (out / FILE).write_bytes((tables / FILE).read_bytes())


def _cut(session: Any, path: Path, key: str, count: int, out: Path) -> None:
    from pyspark.sql import functions as f

    rows = pl.scan_parquet(path)
    names = rows.collect_schema().names()
    if key in names:
        bucket = f.pmod(f.xxhash64(key), f.lit(count))
        tasks = min(count, slots(session))  # each tells the driver 6 kB of what it wrote, however little
        dealt = session.read.parquet(str(path)).withColumn("bucket", bucket).repartition(tasks, "bucket")
        dealt.write.partitionBy("bucket").parquet(str(out))
        _keep(rows.head(0), out, NOBODY)
    elif not set(names) & {*SUBJECTS}:
        _keep(rows, out, WHOLE)


def _keep(rows: pl.LazyFrame, out: Path, bucket: str) -> None:
    folder = out / f"bucket={bucket}"
    folder.mkdir(parents=True)
    rows.sink_parquet(folder / "part-0.parquet")


@contextmanager
def view(cuts: Path, number: int) -> Iterator[Path]:
    """Give one bucket as a folder of tables, a file each, as one machine has them; empty tables too."""
    with TemporaryDirectory(prefix="memberlens-") as folder:
        for table in (path for path in cuts.iterdir() if path.is_dir()):
            target = Path(folder) / f"{table.name}.parquet"
            places = (_file(table / f"bucket={name}") for name in (number, WHOLE, NOBODY))
            target.symlink_to(next(found for found in places if found is not None).resolve())
        if (cuts / FILE).exists():
            (Path(folder) / FILE).symlink_to(cuts / FILE)
        yield Path(folder)


def _file(folder: Path) -> Path | None:
    """The one file of a bucket; None where the bucket has no rows of the table."""
    found = sorted(folder.glob("*.parquet"))
    if len(found) > 1:
        raise ValueError(
            f"{folder}: {len(found)} files, expected one a bucket; remove the folder and run again"
        )
    return found[0] if found else None


def each(
    session: Any,
    count: int,
    work: Callable[[int], Any],
    add: Callable[[Any, Any], Any],
    then: Callable[[Any], Any] = lambda found: found,
) -> Any:
    """Do ``work`` on every bucket on the executors, and return its results added up there, by one of them.

    They are added in the order of their buckets, whichever is done first, so that sums come out the same. A
    worker that is lost is no matter: its buckets are worked on again. ``then`` is done with the sum, too.
    """

    def together(found: Iterator[tuple[int, Any]]) -> Iterator[Any]:
        ordered = sorted(found, key=lambda one: one[0])
        yield compress(pickle.dumps(then(reduce(add, (result for _, result in ordered)))))

    results = session.sparkContext.parallelize(range(count), count).map(lambda number: (number, work(number)))
    return pickle.loads(decompress(results.coalesce(1, shuffle=True).mapPartitions(together).collect()[0]))


def part(folder: Path, number: int) -> Path:
    """Return the file of one bucket below a step's folder."""
    return folder / f"part-{number:05d}.parquet"


def write(frame: pl.DataFrame, path: Path) -> None:
    """Write aside and rename: of a task that runs twice, one file is left."""
    with replacing(path, contended=True) as place:
        frame.write_parquet(place)
