"""``make bench-lost``: whole lives on a real cluster of two workers, of which one is lost on the way.

A small brand goes from its tables to scores with reasons and a report, on a master and two workers that are
started here, undisturbed. Copies of it make anew what hangs on features, or on trees. An executor is killed
while features are computed, and another while trees are learnt: a worker starts another one, and features,
boosters, models and scores must be those of the first life, to the byte. Where no fit may be begun again, the
run must end with a sentence and the next one with the same. Last a worker is killed, in whose place nobody
comes: the other goes to the end alone.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import yaml

from tests.bench.cluster import Cluster, started
from tests.bench.event_log import collected, is_at_barrier
from tests.spark_world import parts, small
from training import params as settings
from training.io import read_json, sha256, write_json
from training.spark.steps import MARK
from training.stages.consent import consent
from training.stages.ingest import ingest

ROOT = Path(__file__).parents[2]
TASK, WORKERS, BUCKETS = "churn", 2, 6
LEARNT = ("fit-*", "predicted", "model", "refit", "final", "chances", "scores")  # steps, from the trees on
COMPUTED = ("dataset", "sample", "search", "encoded", *LEARNT)  # from the features on
LONGEST = 1_800.0  # seconds that a run may take, before it is said to hang
ROUNDS = 200  # so that a fit takes some seconds
INTO_FIT = 1.5  # seconds after a barrier stage has begun


@dataclass(frozen=True)
class Ended:
    """How a run ended: seconds, those after the loss, exit code, fits begun again, last line of errors.

    ``collected`` are the bytes that tasks sent to the driver.
    """

    name: str
    seconds: float
    after: float | None
    code: int
    again: int
    collected: int
    last: str


@dataclass(frozen=True)
class Run:
    """One run of a life: its folder, and what it has said so far."""

    folder: Path
    log: Path

    @property
    def base(self) -> Path:
        """Where its steps lie."""
        return self.folder / "build" / "brand" / "spark" / TASK

    def choose_trees(self) -> None:
        """Put trees in the place of what the search has found: of few rows it finds a scorecard."""
        path = self.base / "search" / "tune.json"
        found = read_json(path)
        write_json(path, found | {"best": found["best"] | {"estimator": "trees", "rounds": ROUNDS}})

    def forget(self, steps: Iterable[str]) -> None:
        """Remove steps, which the next run makes anew."""
        for path in [path for step in steps for path in self.base.glob(step)]:
            shutil.rmtree(path)

    def computes_features(self) -> bool:
        """Whether the first bucket of the data set has its features, and others are computed."""
        return any((self.base / "dataset.part").glob("part-*.parquet"))

    def learns(self) -> bool:
        """Whether trees are learnt."""
        return is_at_barrier(self.folder / "events")


def prepared(folder: Path) -> None:
    """Make the brand's tables, with settings by which trees are learnt in some seconds."""
    given = yaml.safe_load(small())
    given |= {"tasks": [TASK], "fit": {"bags": 2}}
    os.chdir(folder)
    Path("params.yaml").write_text(yaml.safe_dump(given))
    params = settings.load()
    ingest(params)
    consent(params)


def life(
    name: str,
    folder: Path,
    cluster: Cluster,
    at: Callable[[Run], bool] | None = None,
    lose: Callable[[Cluster], None] | None = None,
) -> Ended:
    """Run the command to its end; ``lose`` a part of the cluster once ``at`` holds.

    Raises
    ------
    SystemExit
        It hangs, or ended before anything was lost.
    """
    log = folder / "said"
    run, begun, lost = Run(folder, log), time.monotonic(), None
    (folder / "events").mkdir(exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(_command(cluster.address, folder), cwd=folder, stdout=out, stderr=out)
        try:
            while process.poll() is None:
                if time.monotonic() - begun > LONGEST:
                    raise SystemExit(f"{name}: hangs; {_last(log)}")
                if lose and at and lost is None and at(run):
                    lost = time.monotonic()
                    lose(cluster)
                time.sleep(0.2)
        finally:
            _end(process)
    if lose and lost is None:
        raise SystemExit(f"{name}: ended before anything was lost: {_last(log)}")
    now = time.monotonic()
    after = None if lost is None else round(now - lost, 1)
    again = log.read_text(errors="replace").count("an executor was lost while trees were learnt; again")
    told = collected(folder / "events")
    ended = Ended(name, round(now - begun, 1), after, process.returncode, again, told, _last(log))
    print(row(ended), flush=True)
    return ended


def _command(address: str, folder: Path) -> list[str]:
    conf = {
        "spark.executor.memory": "1g",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": (folder / "events").as_uri(),
        "spark.driver.host": "127.0.0.1",
    }
    asked = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    options = ["--engine", "spark", "--master", address, "--memory", "1g", "--buckets", str(BUCKETS)]
    return [sys.executable, "-m", "training", "pipeline", *options, *asked]


def _last(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "nothing said"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        below = psutil.Process(process.pid).children(recursive=True)
        for one in (process, *below):
            one.kill()
        process.wait()


def an_executor(cluster: Cluster) -> None:
    """Kill one executor, as the kernel does that is out of memory."""
    cluster.executors()[-1].kill()


def an_executor_in_the_fit(cluster: Cluster) -> None:
    """Kill one while it boosts."""
    time.sleep(INTO_FIT)
    an_executor(cluster)


def a_worker(cluster: Cluster) -> None:
    """Kill one worker with its executors: nobody takes their place."""
    time.sleep(INTO_FIT)
    worker = psutil.Process(cluster.workers[-1].pid)
    for one in (worker, *worker.children(recursive=True)):
        one.kill()


def same(one: Path, other: Path) -> None:
    """Refuse two lives of which features, boosters, models or scores differ.

    Raises
    ------
    SystemExit
        Saying what.
    """
    first, second = (Run(path, path).base for path in (one, other))
    for step in ("dataset", "scores"):
        if not parts(first / step).equals(parts(second / step)):
            raise SystemExit(f"{other.name}: other {step}")
    made = [path.relative_to(first) for path in first.glob("fit-*/booster.ubj")]
    made += [path.relative_to(first) for path in (first / "final").iterdir() if path.name != MARK]
    if differ := [str(path) for path in made if sha256(first / path) != sha256(second / path)]:
        raise SystemExit(f"{other.name}: not the same: {', '.join(differ)}")
    scored = len(parts(first / "scores"))
    print(f"  the same: {len(made)} files of boosters and model, features, {scored:,} scores")


def like(one: Path, other: Path) -> None:
    """Say how far apart two lives are that had other numbers of workers: AUC on the test, probabilities."""
    first, second = (Run(path, path).base for path in (one, other))
    auc = [read_json(base / "final" / "metrics.json")["auc"] for base in (first, second)]
    p = [parts(base / "scores").sort("subject_id")["probability"] for base in (first, second)]
    apart = (p[0] - p[1]).abs().mean()
    print(f"  alike: AUC {auc[0]:.4f} and {auc[1]:.4f}, probabilities {apart:.4f} apart in the mean")


def row(one: Ended) -> str:
    """One line of the table."""
    after = "" if one.after is None else f"{one.after:9.1f} s"
    ended = f"{one.seconds:8.1f} s{after:>12}{one.code:6}{one.again:7}{one.collected:11,}"
    return f"{one.name:42}{ended}   {one.last[:160]}"


def main() -> None:
    """Run the lives one after the other, and keep how they ended as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("experiments/bench-lost.json"))
    parser.add_argument(
        "--at", type=Path, help="where the lives lie, and are kept; a run that ended early goes on"
    )
    asked = parser.parse_args()
    out = asked.out.absolute()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # with all that was started
    os.environ |= {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "SPARK_LOCAL_IP": "127.0.0.1"}
    with nullcontext(asked.at) if asked.at else TemporaryDirectory(prefix="memberlens-lost-") as parent:
        at = Path(parent).absolute()
        if not (at / "alone").exists():
            (at / "alone").mkdir(parents=True)
            prepared(at / "alone")
        print(f"{'run':42}{'wall':>10}{'after loss':>12}{'exit':>6}{'again':>7}{'collected':>11}   last line")
        with started(at, WORKERS, "1g") as cluster:
            found = lives(at, cluster)
    busy = {"load": os.getloadavg()[0], "cores": os.cpu_count()}
    out.write_text(json.dumps({"runs": [asdict(one) for one in found], **busy}, indent=1) + "\n")


def lives(at: Path, cluster: Cluster) -> list[Ended]:
    """Every way to lose a part of the cluster, each on a copy of the brand."""
    alone = at / "alone"
    found = [finished(life("from the tables", alone, cluster))]
    run = Run(alone, alone)
    run.choose_trees()
    run.forget(LEARNT)
    found.append(finished(life("from the trees on, nothing lost", alone, cluster)))
    for name, steps, moment, lose in (
        ("trees", LEARNT, Run.learns, an_executor_in_the_fit),
        ("features", COMPUTED, Run.computes_features, an_executor),
    ):
        lost = without(steps, alone, at / name)
        found.append(finished(life(f"executor killed: {name}", lost, cluster, moment, lose)))
        same(alone, lost)
    once = without(LEARNT, alone, at / "once")
    given = yaml.safe_load((once / "params.yaml").read_text())
    (once / "params.yaml").write_text(yaml.safe_dump(given | {"spark": {"refits": 0}}))
    last = life("executor killed: trees, refits 0", once, cluster, Run.learns, an_executor_in_the_fit)
    if last.code != 1 or "a further run goes on" not in last.last:
        raise SystemExit(f"{last.name}: expected a sentence, got exit {last.code}: {last.last}")
    found += [last, finished(life("the run after it", once, cluster))]
    same(alone, once)
    lost = without(LEARNT, alone, at / "worker")
    found.append(finished(life("worker killed: trees", lost, cluster, Run.learns, a_worker)))
    like(alone, lost)
    return found


def without(steps: Iterable[str], life: Path, copy: Path) -> Path:
    """Copy a life without some of its steps, which the next run makes anew; return the copy."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(life, copy, ignore=shutil.ignore_patterns("events"))
    Run(copy, copy).forget(steps)
    return copy


def finished(one: Ended) -> Ended:
    """Return it where it came to scores; ``SystemExit`` with its last line where not."""
    if one.code:
        raise SystemExit(f"{one.name}: exit {one.code}: {one.last}")
    return one


if __name__ == "__main__":
    main()
