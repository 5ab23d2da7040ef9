"""A real cluster of Spark's own on this machine: a master and workers, each a process, stopped in the end."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyspark

from tests.bench.serving import port

SPARK = Path(pyspark.__file__).parent
DEPLOY = "org.apache.spark.deploy"
EXECUTOR = "CoarseGrainedExecutorBackend"
STARTED = 180.0  # seconds until a process has to be there


@dataclass
class Cluster:
    """The address of a master, and its workers' processes."""

    address: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def executors(self) -> list[psutil.Process]:
        """Return the executors that are alive, of the first worker first."""
        found = [one for worker in self.workers for one in _below(worker)]
        return [one for one in found if _is_executor(one)]


def _below(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(worker.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _is_executor(process: psutil.Process) -> bool:
    try:
        return any(EXECUTOR in word for word in process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


@contextmanager
def started(folder: Path, workers: int, memory: str) -> Iterator[Cluster]:
    """Start a master and ``workers`` of one core and so much ``memory`` each; what they say is in ``folder``.

    Raises
    ------
    SystemExit
        One of them is not there after ``STARTED`` seconds, with the last line that it said.
    """
    address = f"spark://127.0.0.1:{port()}"
    with ExitStack() as stack:
        host = ("--host", "127.0.0.1", "--webui-port", "0")
        master = (f"{DEPLOY}.master.Master", *host, "--port", address.rsplit(":", 1)[1])
        stack.enter_context(_process(folder / "master", "I have been elected leader", *master))
        cluster = Cluster(address)
        for at in range(workers):
            size = ("--cores", "1", "--memory", memory, "--work-dir", str(folder / f"work-{at}"))
            worker = (f"{DEPLOY}.worker.Worker", *host, *size, address)
            said = "Successfully registered with master"
            cluster.workers.append(stack.enter_context(_process(folder / f"worker-{at}", said, *worker)))
        yield cluster


@contextmanager
def _process(log: Path, ready: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """One process of the cluster, once it has said that it is ``ready``; ended with all below it."""
    java = os.environ.get("JAVA_HOME") or shutil.which("java")
    if java is None:
        raise SystemExit("no `java` on the PATH; Spark needs Java 17 or 21")
    alike = {"SPARK_HOME": str(SPARK), "SPARK_DAEMON_MEMORY": "256m", "SPARK_LOCAL_IP": "127.0.0.1"}
    with log.open("wb") as out:
        command = [str(SPARK / "bin" / "spark-class"), *words]
        process = subprocess.Popen(command, env=os.environ | alike, stdout=out, stderr=out)
        try:
            _await(process, log, ready)
            yield process
        finally:
            _end(process)


def _await(process: subprocess.Popen[bytes], log: Path, ready: str) -> None:
    until = time.monotonic() + STARTED
    while ready not in (said := log.read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"{log.name}: not there: {(said.strip().splitlines() or ['nothing said'])[-1]}")
        time.sleep(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    below = _below(process)
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for one in psutil.wait_procs(below, 10)[1]:
        one.kill()
