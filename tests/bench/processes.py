"""What a command costs: a process of its own, watched with all that it starts."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

import psutil

EVERY = 0.1  # seconds between two looks: what a process does after the last one is not counted


@dataclass(frozen=True)
class Cost:
    """Wall seconds, seconds of processors, peak resident GB; the last line of errors where it failed."""

    seconds: float
    core_seconds: float
    gigabytes: float
    error: str | None


def watched(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end; memory and processors are those of the whole tree of processes."""
    cores: dict[int, float] = {}
    peak, begun = 0, time.monotonic()
    with TemporaryFile() as errors:
        process = subprocess.Popen(
            command, env=os.environ | dict(env or {}), stdout=subprocess.DEVNULL, stderr=errors
        )
        while process.poll() is None:
            peak = max(peak, _look(process.pid, cores))
            time.sleep(EVERY)
        seconds = time.monotonic() - begun
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
    failed = (lines[-1][:160] if lines else "killed") if process.returncode else None
    return Cost(seconds, sum(cores.values()), peak / 1e9, failed)


def _look(pid: int, cores: dict[int, float]) -> int:
    """Note the processor time of each process; return the bytes that they hold together."""
    held = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            used = process.cpu_times()
            cores[process.pid] = used.user + used.system
            held += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended between two looks
    return held
