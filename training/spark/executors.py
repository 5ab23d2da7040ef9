"""Who works: how many tasks can run at once now, and how many could before somebody was lost."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

BACK = 120.0  # seconds in which another takes a lost executor's place; later nobody is waited for
STILL = 5.0  # seconds after one has come, in which others may
LOOKED = 1.0  # seconds between two looks


@dataclass(frozen=True)
class Executor:
    """How many tasks it takes at once; since when it is there and until when it was (seconds)."""

    tasks: int
    added: float
    removed: float | None = None


def slots(session: Any) -> int:
    """Return how many tasks can run at once on the executors that are there."""
    context = session.sparkContext._jsc.sc()
    found: int = context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile())
    return max(found, 1)


def settled(session: Any) -> int:
    """Return the same, once others have the places of those lost in the last ``BACK`` seconds, or are late.

    All workers of a fit are needed at once, and other numbers of workers find other trees.
    """
    if session.sparkContext._jsc.sc().isLocal():
        return slots(session)
    until = time.time() + BACK  # also where Spark lists somebody to whom it gives nothing
    while (now := time.time()) < until:
        every = _every(session)
        comes = max((one.added for one in every), default=0.0) > now - STILL
        if slots(session) >= expected(every, now) and not comes:
            break
        time.sleep(LOOKED)
    return slots(session)


def expected(every: Iterable[Executor], now: float) -> int:
    """Return how many tasks could run at once at the best moment of the last ``BACK`` seconds."""
    every, start = list(every), now - BACK
    moments = [start, *(one.added for one in every if one.added > start)]
    return max(sum(one.tasks for one in every if _is_there(one, moment)) for moment in moments)


def _is_there(one: Executor, moment: float) -> bool:
    return one.added <= moment and (one.removed is None or one.removed > moment)


def _every(session: Any) -> list[Executor]:
    """All executors of the session, also those that are gone, by Spark's own list (milliseconds)."""
    found = session.sparkContext._jsc.sc().statusStore().executorList(False)
    rows = [found.apply(at) for at in range(found.size())]
    return [Executor(one.maxTasks(), one.addTime().getTime() / 1000, _removed(one)) for one in rows]


def _removed(one: Any) -> float | None:
    when = one.removeTime()
    return when.get().getTime() / 1000 if when.isDefined() else None
