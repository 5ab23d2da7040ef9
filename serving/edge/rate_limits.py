"""How often a client may call: token buckets, told in the headers that clients look for."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from serving.contract.problems import Problem
from serving.edge.rate_levels import Levels
from serving.settings import Rate


@dataclass
class Buckets:
    """One bucket a client; it holds ``rate.requests`` and is filled evenly.

    The clock is monotonic: setting the machine's time changes nothing. ``levels`` may be shared with
    other processes of this machine; then all of them together allow ``rate``.
    """

    rate: Rate
    levels: Levels = field(default_factory=Levels)
    clock: Callable[[], float] = monotonic

    def take(self, client: str) -> dict[str, str]:
        """Return headers of an allowed call; ``Problem`` with ``Retry-After`` where the bucket is empty."""
        full = float(self.rate.requests)
        speed = full / self.rate.seconds
        with self.levels.of(client) as place:
            now = self.clock()
            level, since = place.read() or (full, now)
            level = min(full, level + max(now - since, 0.0) * speed)
            if level >= 1:
                place.write(level - 1, now)
        if level < 1:
            wait = {"Retry-After": str(math.ceil((1 - level) / speed))}
            raise Problem(
                "rate_limited", "The client's quota is used up.", headers=self._told(level, speed) | wait
            )
        return self._told(level - 1, speed)

    def _told(self, level: float, speed: float) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.rate.requests),
            "RateLimit-Remaining": str(int(level)),
            "RateLimit-Reset": str(math.ceil((self.rate.requests - level) / speed)),
            "RateLimit-Policy": f"{self.rate.requests};w={self.rate.seconds}",
        }
