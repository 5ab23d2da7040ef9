"""How often a client may call: token buckets, told in the headers that clients look for."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from serving.problems import Problem
from serving.settings import Rate

MOST_CLIENTS = 10_000


@dataclass
class Buckets:
    """One bucket a client; it holds ``rate.requests`` and is filled evenly.

    The clock is monotonic: setting the machine's time changes nothing.
    """

    rate: Rate
    clock: Callable[[], float] = monotonic
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)

    def take(self, client: str) -> dict[str, str]:
        """Headers of an allowed call; ``Problem`` with ``Retry-After`` where the bucket is empty."""
        now, full = self.clock(), float(self.rate.requests)
        speed = full / self.rate.seconds
        level, since = self._levels.get(client, (full, now))
        level = min(full, level + (now - since) * speed)
        if level < 1:
            wait = {"Retry-After": str(math.ceil((1 - level) / speed))}
            raise Problem(
                "rate_limited", "The client's quota is used up.", headers=self._told(level, speed) | wait
            )
        if len(self._levels) >= MOST_CLIENTS:
            self._levels.clear()
        self._levels[client] = (level - 1, now)
        return self._told(level - 1, speed)

    def _told(self, level: float, speed: float) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.rate.requests),
            "RateLimit-Remaining": str(int(level)),
            "RateLimit-Reset": str(math.ceil((self.rate.requests - level) / speed)),
            "RateLimit-Policy": f"{self.rate.requests};w={self.rate.seconds}",
        }
