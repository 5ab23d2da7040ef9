"""Kept connections are shared out evenly among the workers.

All workers wait at one socket, and who wakes first takes every connection that stands there: a pool of kept
ones may end with one worker and one core, while the other worker has nothing to do. So one that has more than
another ends a connection with its answer (``Connection: close``, RFC 9112, 9.6); the caller opens a new one,
and who is idle is the first to take it.
"""

from collections.abc import Callable, MutableMapping
from time import monotonic
from typing import Any

from serving.edge.worker_slots import WorkerSlots

RECENT = 2.0  # seconds: a connection that did not call since keeps nobody busy
PAUSE = 0.05  # seconds between two endings, until the caller has come back and is counted there
Peer = tuple[str, int]


class Connections(WorkerSlots):
    """The connections that call one of the workers, and the calls with which one should end."""

    FORMAT = "=qid"  # the worker's process, its connections, the moment at which it counted them

    def __init__(self, file: int | None = None, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(file)
        self._clock, self._last, self._ended, self._swept = clock, dict[Peer, float](), 0.0, 0.0

    def join(self) -> None:
        """Say that this worker is there, before anybody has called it."""
        self.write(len(self._last), self._clock())

    def ends(self, peer: Peer | None) -> bool:
        """Note a call over a ``kept`` connection; whether it should end: another worker has two fewer."""
        if peer is None:
            return False
        now = self._clock()
        self._last[peer] = now
        if now - self._swept > RECENT / 2:
            self._last = {one: at for one, at in self._last.items() if now - at <= RECENT}
            self._swept = now
        self.write(len(self._last), now)
        if len(self._last) < 2 or now - self._ended < PAUSE or len(self._last) < 2 + self._least(now):
            return False
        self._last.pop(peer)
        self._ended = now
        return True

    def _least(self, now: float) -> int:
        """Connections of the worker that has the fewest."""
        return min(int(count) if now - at <= RECENT else 0 for _, count, at in self.living())


def kept(scope: MutableMapping[str, Any]) -> Peer | None:
    """Return the caller's end of a connection that is kept.

    None where it ends anyway, or a proxy hides it.
    """
    host, port = scope.get("client") or ("", 0)
    ends = (b"connection", b"close") in ((name, value.lower()) for name, value in scope["headers"])
    return (host, port) if port and not ends and scope.get("http_version") != "1.0" else None
