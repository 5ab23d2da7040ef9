"""What threads in the background have in common: whose they are, and the loop that they run."""

import logging
import os
import socket
import sqlite3
import threading
from collections.abc import Callable

IDLE_SECONDS, RETRY_SECONDS = 0.5, 5.0


def owner() -> str:
    """Return what a worker is called in a store that several processes share."""
    return f"{socket.gethostname()}:{os.getpid()}"


def run(step: Callable[[], bool], stop: threading.Event, store: str, logger: logging.Logger) -> None:
    """Call ``step`` until ``stop``; it says whether there was anything to do.

    A full disk or a locked file of the ``store`` is waited for, and after any failure it goes on.
    """
    while not stop.is_set():
        try:
            if not step():
                stop.wait(IDLE_SECONDS)
        except (sqlite3.OperationalError, OSError) as error:
            logger.error("%s: %s", store, error)
            stop.wait(RETRY_SECONDS)
        except Exception:  # the thread must live: one bad row would keep everybody waiting for ever
            logger.exception("%s: a turn failed", store)
            stop.wait(RETRY_SECONDS)
