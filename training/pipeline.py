"""The whole pipeline by DVC: what the tasks share, then the tasks side by side.

DVC runs one stage after the other, and most stages keep one core busy. Nothing of one task reads another's:
as many tasks as there are threads run at once, each under a DVC of its own that waits for the others' lock.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from training.params import Params

DVC = (sys.executable, "-m", "dvc", "--wait-for-lock", "repro")
SHARED = ("ingest", "economics", "consent", "portrait")
FIRST = "dataset"  # of a task; all its other stages come after
EMPTY = "is empty"  # what DVC warns of a folder that may well be


def pipeline(params: Params) -> int:
    """Run every stage that is out of date; return the exit code of the first DVC that failed, or 0.

    A task that fails does not stop the others.
    """
    if code := shared():
        return code
    with ThreadPoolExecutor(params.engine.threads) as pool:
        codes = list(pool.map(lambda task: _repro("--downstream", f"{FIRST}@{task}"), params.tasks))
    return next((code for code in codes if code), 0)


def shared() -> int:
    """Run what comes before the tasks and is out of date; return the exit code of DVC."""
    return _repro(*SHARED)


def on_spark(
    params: Params, master: str, memory: str, buckets: int, conf: Mapping[str, str] | None = None
) -> None:
    """Run every step of every task that is out of date on Spark, from the ingested tables to the scores.

    Parameters
    ----------
    master
        ``local[2]`` or the address of a cluster, whose workers share the working folder.
    memory
        What the driver may use, as Java has it: ``2g``.
    buckets
        Parts into which subjects are cut; what one holds fits into a worker's memory.
    conf
        Spark's own settings, such as ``spark.executor.memory``.
    """
    from training.spark.run import life, require_tables
    from training.spark.session import at_need

    require_tables(params)
    with at_need(master, memory, buckets, conf) as session:
        life(session, params, buckets)


def _repro(*arguments: str) -> int:
    """Run DVC; what stages and DVC say on standard error is told, but for what is meant to be so.

    Its stages run ``python``: that of this process, which by cron need not be the first on the path.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    with subprocess.Popen(
        [*DVC, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": path},
    ) as dvc:
        for line in dvc.stderr or ():
            if not (line.startswith("WARNING") and EMPTY in line):
                print(line, end="", file=sys.stderr, flush=True)
        return dvc.wait()
