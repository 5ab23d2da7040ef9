"""``make bench-scale``: what all purchase features cost on DuckDB and Spark as events grow.

The events are those of ``make bench-features``. Every measurement is a process of its own. Workers are
threads, Spark's in its local mode: its tasks exchange the bytes that they would between machines, and
no network is paid. Both engines must give the same sums. Cost is seconds of processors, so that what
else a machine does weighs little; a law a + b·n is fitted for each engine and number of workers and
goes no further than ten times the largest size.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np

from features import engines
from features.groups.purchases import PURCHASES
from tests.bench.event_log import shuffled
from tests.bench.features import generate
from tests.bench.processes import watched

ENGINES = ("duckdb", "spark")
FARTHEST = 10  # times the largest size measured
CHECKED = ("orders", "revenue", "products", "lines_weekend", "gap_max_days")  # sums of whole numbers or near


@dataclass(frozen=True)
class Measured:
    """One run: seconds of wall and processors, GB of the tree, bytes that Spark's tasks exchanged."""

    engine: str
    workers: int
    events: int
    seconds: float
    core_seconds: float
    gigabytes: float
    shuffled: int


@dataclass(frozen=True)
class Law:
    """Processor seconds = ``fixed`` + ``per_million`` times millions of events; residuals in seconds."""

    fixed: float
    per_million: float
    residuals: tuple[float, ...]

    def at(self, events: float) -> float:
        """Return the seconds that the law gives."""
        return self.fixed + self.per_million * events / 1e6


def law(events: list[float], core_seconds: list[float]) -> Law:
    """Fit the law by least squares; at least two sizes."""
    x, y = np.asarray(events) / 1e6, np.asarray(core_seconds)
    slope, fixed = np.polyfit(x, y, 1)
    return Law(float(fixed), float(slope), tuple((y - fixed - slope * x).tolist()))


def run(engine: str, workers: int, folder: Path) -> None:
    """Compute all purchase features in this process."""
    spine, out = folder / "spine.parquet", folder / f"{engine}.parquet"
    if engine == "duckdb":
        engines.to_parquet(spine, folder, [PURCHASES], out, "4GB", workers)
    else:
        session = engines.spark(f"local[{workers}]", "2g")
        engines.to_partitions(session, spine, folder, [PURCHASES], out)
        session.stop()


def measured(engine: str, workers: int, events: int, folder: Path) -> Measured:
    """Run one way in a process of its own; a way that fails stops the bench with its last line."""
    log = folder / f"log-{workers}"
    log.mkdir(exist_ok=True)
    settings = f"--conf spark.eventLog.enabled=true --conf spark.eventLog.dir=file://{log}"
    env = {"PYSPARK_SUBMIT_ARGS": f"{settings} --conf spark.eventLog.compress=false pyspark-shell"}
    command = [sys.executable, "-m", "tests.bench.scale", "--run", engine, str(workers), str(folder)]
    cost = watched(command, env)
    if cost.error:
        raise SystemExit(f"{engine}, {workers} workers, {events:,} events: {cost.error}")
    sent = shuffled(log) if engine == "spark" else 0
    return Measured(engine, workers, events, cost.seconds, cost.core_seconds, cost.gigabytes, sent)


def sums(folder: Path, engine: str) -> list[float]:
    """Sum some features of all questions, to hold one engine against the other."""
    path = folder / f"{engine}.parquet"
    files = path / "*.parquet" if path.is_dir() else path
    wanted = ", ".join(f"sum({name})" for name in CHECKED)
    found = duckdb.sql(f"SELECT count(*), {wanted} FROM read_parquet('{files}')").fetchone()
    return [float(value) for value in found or ()]


def size(events: int, workers: Iterable[int], at: Path) -> list[Measured]:
    """Measure every engine and number of workers on one size, and hold their results against one another."""
    with TemporaryDirectory(dir=at) as parent:
        folder = Path(parent)
        generate(folder, events)
        found = []
        for engine in ENGINES:
            for number in workers:
                found.append(measured(engine, number, events, folder))
                print(row(found[-1]), flush=True)
        one, other = (sums(folder, engine) for engine in ENGINES)
        if not np.allclose(one, other, rtol=1e-9):
            raise SystemExit(f"{events:,} events: the engines differ: {one} and {other}")
    return found


def row(one: Measured) -> str:
    """One line of the table."""
    millions = one.events / 1e6
    return (
        f"{one.engine:8}{one.workers:8}{one.events:14,}{one.seconds:9.1f} s{one.core_seconds:9.1f} s"
        f"{one.core_seconds / millions:9.2f} s{one.shuffled / one.events:9.0f} B{one.gigabytes:8.2f} GB"
    )


def laws(found: list[Measured]) -> dict[str, Law]:
    """Fit each engine and number of workers."""
    kept = {}
    for key in sorted({(one.engine, one.workers) for one in found}):
        mine = [one for one in found if (one.engine, one.workers) == key]
        kept[f"{key[0]}, {key[1]}"] = law([m.events for m in mine], [m.core_seconds for m in mine])
    return kept


def told(name: str, fitted: Law, largest: int) -> str:
    """The law in words: residuals, and how far it is carried."""
    rest = ", ".join(f"{value:+.1f}" for value in fitted.residuals)
    known = f"residuals {rest} s" if len(fitted.residuals) > 2 else "two sizes, so no residuals"
    far = FARTHEST * largest
    return (
        f"{name}: {fitted.fixed:.1f} + {fitted.per_million:.2f} a million core-seconds ({known}); "
        f"extrapolated to {far:,} events, not measured: {fitted.at(far):,.0f} core-seconds"
    )


def main() -> None:
    """Print the table, the laws, and how busy the machine was; keep them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", nargs="*", type=float, default=[1e6, 3e6, 1e7])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--at", type=Path, help="where data are made: 100 million events need 10 GB")
    parser.add_argument("--out", type=Path, default=Path("experiments/bench-scale.json"))
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(asked.run[0], int(asked.run[1]), Path(asked.run[2]))
        return
    print("engine   workers        events     wall    processors  a million  shuffled     peak")
    found = [one for events in map(int, asked.events) for one in size(events, asked.workers, asked.at)]
    fitted = laws(found) if len(asked.events) > 1 else {}
    for name, one in fitted.items():
        print(told(name, one, int(max(asked.events))))
    load = os.getloadavg()[0]
    print(f"load of the machine at the end: {load:.1f} on {os.cpu_count()} cores, this run's own included")
    kept = {
        "rows": [asdict(one) for one in found],
        "laws": {name: asdict(one) for name, one in fitted.items()},
        "load": load,
    }
    asked.out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
