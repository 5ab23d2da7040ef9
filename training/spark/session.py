"""A Spark session that answers, or an error within minutes: no Java, no master, no workers, none left."""

import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from features import engines
from training.spark.failures import ClusterLostError, sentence

REACHED, WORKING = (
    10.0,
    120.0,
)  # seconds until a master must answer, and for which a cluster may have no worker
CHECKED = 5.0  # seconds between two looks at who works
LOCAL = re.compile(r"local(\[(\d+|\*)(\s*,\s*\d+)?\])?|local-cluster\[\s*\d+\s*,\s*\d+\s*,\s*\d+\s*\]")
ALLOWED = (
    "allowed are local, local[2], local[*], local-cluster[WORKERS,CORES,MB], yarn, "
    "spark://HOST:PORT and k8s://https://HOST:PORT"
)
# All workers of a fit are needed at once: Spark looks for them every 15 s, and without this forty times.
PATIENT = {"spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures": "8"}


@contextmanager
def at_need(
    master: str, memory: str = "2g", partitions: int = 200, conf: Mapping[str, str] | None = None
) -> Iterator[Callable[[], Any]]:
    """Give a function that returns the session: it is opened at its first call, if there is one."""
    with ExitStack() as stack:
        found: list[Any] = []

        def session() -> Any:
            if not found:
                found.append(stack.enter_context(opened(master, memory, partitions, conf)))
            return found[0]

        yield session


@contextmanager
def opened(
    master: str, memory: str = "2g", partitions: int = 200, conf: Mapping[str, str] | None = None
) -> Iterator[Any]:
    """Open a session on ``master``, and stop it in the end; ``conf`` are Spark's own settings.

    Raises
    ------
    ValueError
        PySpark is not installed, there is no Java, or the address cannot be read; what an executor raised.
    ConnectionError
        Nothing answers at the address, nobody there works, or executors were lost for good.
    """
    require_java()
    require_reachable(master)
    session = engines.spark(master, memory, partitions, PATIENT | dict(conf or {}))
    try:
        session.sparkContext.setLogLevel("ERROR")
        with attended(session) as lonely, worded(master, lonely):
            session.sparkContext.parallelize([0], 1).count()  # a first task, so that somebody is there
            yield session
    finally:
        session.stop()


@contextmanager
def worded(master: str, lonely: Event) -> Iterator[None]:
    """Say of what Spark raises what is behind it."""
    try:
        yield
    except Exception as error:
        alone = ClusterLostError(master, f"no worker for {WORKING:.0f} s") if lonely.is_set() else None
        if found := alone or sentence(error, master):
            raise found from error
        raise


def require_java() -> None:
    """Refuse a machine without Java, which Spark's own error does not name."""
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        place = "no `java` on the PATH" if home is None else f"no `java` in JAVA_HOME={home}"
        raise ValueError(f"engine spark: {place}; Spark needs Java 17 or 21")


def require_reachable(master: str, seconds: float = REACHED) -> None:
    """Refuse an address that is none, or does not take a connection; Spark itself tries for minutes."""
    if master.startswith(("spark://", "k8s://")):
        for address in master.split("://", 1)[1].split(","):
            _connect(master, address.removeprefix("https://").removeprefix("http://"), seconds)
    elif master != "yarn" and not LOCAL.fullmatch(master):
        raise ValueError(f"master {master!r}: no address of Spark's; {ALLOWED}")


def _connect(master: str, address: str, seconds: float) -> None:
    try:
        place = urlsplit(f"//{address}")
        host, port = place.hostname, place.port
    except ValueError as error:
        raise ValueError(f"master {master!r}: {error}; {ALLOWED}") from None
    if host is None or port is None:
        raise ValueError(f"master {master!r}: no host and port; {ALLOWED}")
    try:
        socket.create_connection((host, port), seconds).close()
    except OSError as error:
        raise ConnectionError(
            f"master {master!r}: cannot be reached within {seconds:.0f} s: {error}"
        ) from None


@contextmanager
def attended(session: Any, seconds: float = WORKING, every: float = CHECKED) -> Iterator[Event]:
    """Cancel jobs once nobody has worked for ``seconds``, and set the event: Spark waits for ever.

    Workers may never have come, or all be gone.
    """
    context, lonely, ended = session.sparkContext, Event(), Event()

    def attend() -> None:
        without = 0.0
        while not ended.wait(every):
            without = 0.0 if _workers(context) else without + every
            if without >= seconds:
                lonely.set()
                context.cancelAllJobs()

    thread = Thread(target=attend, daemon=True)
    if not LOCAL.fullmatch(context.master) or context.master.startswith("local-cluster"):
        thread.start()
    try:
        yield lonely
    finally:
        ended.set()
        if thread.is_alive():
            thread.join()


def _workers(context: Any) -> int:
    """How many executors there are; the driver is listed with them."""
    return len(context._jsc.sc().statusTracker().getExecutorInfos()) - 1
