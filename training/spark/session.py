"""A Spark session that answers, or an error within a minute: no Java, no master, no workers."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from features import engines

REACHED, WORKING = 10.0, 120.0  # seconds until a master must answer, and until a first task must have run
FIRST = "memberlens: first task"


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
        PySpark is not installed, there is no Java, or the address cannot be read.
    ConnectionError
        Nothing answers at the address, or nobody there works.
    """
    require_java()
    require_reachable(master)
    session = engines.spark(master, memory, partitions, conf)
    try:
        session.sparkContext.setLogLevel("ERROR")
        require_workers(session)
        yield session
    finally:
        session.stop()


def require_java() -> None:
    """Refuse a machine without Java, which Spark's own error does not name."""
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        place = "no `java` on the PATH" if home is None else f"no `java` in JAVA_HOME={home}"
        raise ValueError(f"engine spark: {place}; Spark needs Java 17 or 21")


def require_reachable(master: str, seconds: float = REACHED) -> None:
    """Refuse a master that does not take a connection; Spark itself tries for minutes."""
    if not master.startswith(("spark://", "k8s://")):
        return
    for address in master.split("://", 1)[1].split(","):
        _connect(master, address.removeprefix("https://").removeprefix("http://"), seconds)


def _connect(master: str, address: str, seconds: float) -> None:
    try:
        place = urlsplit(f"//{address}")
        host, port = place.hostname, place.port
    except ValueError as error:
        raise ValueError(f"master {master!r}: {error}; needed is spark://HOST:PORT") from None
    if host is None or port is None:
        raise ValueError(f"master {master!r}: no host and port; needed is spark://HOST:PORT")
    try:
        socket.create_connection((host, port), seconds).close()
    except OSError as error:
        raise ConnectionError(
            f"master {master!r}: cannot be reached within {seconds:.0f} s: {error}"
        ) from None


def require_workers(session: Any, seconds: float = WORKING) -> None:
    """Refuse a cluster that does not run a first task: Spark waits for ever for workers that never come."""
    context = session.sparkContext
    late: list[bool] = []

    def cancel() -> None:
        late.append(True)
        context.cancelAllJobs()

    timer = Timer(seconds, cancel)
    timer.start()
    try:
        context.parallelize([0], 1).count()
    except Exception as error:
        if not late:
            raise
        raise ConnectionError(
            f"master {context.master!r}: no worker took a task within {seconds:.0f} s"
        ) from error
    finally:
        timer.cancel()
