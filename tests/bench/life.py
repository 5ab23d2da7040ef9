"""Every stage of one task on a large simulated brand, one after another: seconds, processor time and memory.

    make bench-life MEMBERS=200000 TASK=churn

A stage is a process of its own, as in the pipeline; its peak is that of the largest process in it. What is
made stays in ``build/bench-life``.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
SHARED = ("source", "ingest", "economics", "consent", "portrait")
OF_TASK = (
    *("dataset", "audit", "tune", "backtest", "fit", "evaluate", "final"),
    *("explain", "uplift", "value", "score", "report"),
)


def main(members: int, task: str) -> None:
    """Print a line a stage, and the sum."""
    folder = ROOT / "build" / "bench-life"
    shutil.rmtree(folder, ignore_errors=True)
    _project(folder, members, task)
    print(f"{members:,} members, {task}\n{'stage':<10} {'wall s':>8} {'cpu s':>8} {'peak GB':>8}")
    wall, processor, peak = 0.0, 0.0, 0.0
    for stage in (*SHARED, *OF_TASK):
        found = _measured(folder, [stage] if stage in SHARED else [stage, task])
        print(f"{stage:<10} {found[0]:8.1f} {found[1]:8.1f} {found[2]:8.2f}", flush=True)
        wall, processor, peak = wall + found[0], processor + found[1], max(peak, found[2])
    print(f"{'all':<10} {wall:8.1f} {processor:8.1f} {peak:8.2f}")


def _project(folder: Path, members: int, task: str) -> None:
    """A folder with the project's settings for such a brand, and what reports read beside it."""
    (folder / "experiments").mkdir(parents=True)
    for file in (ROOT / "requirements.lock", *(ROOT / "experiments").glob("*.yaml")):
        shutil.copy(file, folder / file.relative_to(ROOT))
    text = (ROOT / "params.yaml").read_text()
    text = re.sub(r"(?m)^data: .*", "data: brand", text)
    text = re.sub(r"(?m)^tasks: .*", f"tasks: [{task}]", text)
    text = re.sub(r"members: \d+, leads: \d+", f"members: {members}, leads: {2 * members}", text)
    (folder / "params.yaml").write_text(text)


def _measured(folder: Path, stage: list[str]) -> tuple[float, float, float]:
    """Seconds by the clock and of the processors, and the largest process in GB."""
    start = perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "training", *stage], cwd=folder, env=environment, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(stage)} ended with {process.returncode}; run it in {folder}")
    return perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
