"""One started service: its worker processes count together, and with nobody else's."""

import os
import shutil
import time
from pathlib import Path

from serving.edge.worker_slots import lives

MARK = "MEMBERLENS_INSTANCE"  # set by the process that starts the workers, which inherit it
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # read by the metrics' library whenever it opens a file


def own_metrics(kept: Path) -> None:
    """Let this instance count in a folder of its own, below what the service keeps.

    The framework's own folder is one for all services of a user, and emptied whenever one of them starts.
    """
    first = MARK not in os.environ
    mark = os.environ.setdefault(MARK, f"{os.getpid()}-{time.time_ns()}")
    folder = (kept / "metrics" / mark).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if first:
        _forget_the_dead(folder.parent)
    os.environ[SHARED] = str(folder)


def shared_file(name: str) -> Path | None:
    """Return a file that the workers of this instance share, new with each start; None outside of one."""
    folder = os.environ.get(SHARED)
    return None if folder is None or MARK not in os.environ else Path(folder) / name


def _forget_the_dead(folder: Path) -> None:
    for other in folder.iterdir():
        pid = other.name.partition("-")[0]
        if pid.isdigit() and not lives(int(pid)):
            shutil.rmtree(other, ignore_errors=True)
