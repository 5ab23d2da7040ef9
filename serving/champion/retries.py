"""What failed once is tried again, less and less often."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

Found = tuple[str, int]  # a version, and when its snapshot was published
FIRST_SECONDS, MOST_SECONDS = 5.0, 300.0


@dataclass
class Attempts:
    """By task what was tried last, and when to try the same again: after 5 s, 10 s, ... up to 5 minutes."""

    clock: Callable[[], float] = monotonic
    _last: dict[str, Found] = field(default_factory=dict, repr=False)
    _waits: dict[str, tuple[float, float]] = field(default_factory=dict, repr=False)  # due at, how long

    def due(self, task: str, found: Found) -> bool:
        """Tell whether ``found`` is new, or failed and has waited long enough."""
        if self.is_new(task, found):
            return True
        return task in self._waits and self.clock() >= self._waits[task][0]

    def forget(self, task: str) -> None:
        """Let whatever is found next be new."""
        self._last.pop(task, None)

    def is_new(self, task: str, found: Found) -> bool:
        """Tell whether ``found`` was never tried."""
        return found != self._last.get(task)

    def ended(self, task: str, found: Found, failed: bool) -> None:
        """Remember how the attempt ended."""
        waited = 0.0 if self.is_new(task, found) else self._waits.pop(task, (0.0, 0.0))[1]
        self._last[task] = found
        if failed:
            wait = min(max(2 * waited, FIRST_SECONDS), MOST_SECONDS)
            self._waits[task] = (self.clock() + wait, wait)
        else:
            self._waits.pop(task, None)
