"""Threads by kind of work: what is long does not stand in the way of what is short."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Kind = Literal["single", "bulk", "store"]
BULK, STORE = 1, 2  # a second bulk call at a time would only take cores away from single answers

# Whether the call waits for the store: where its time is over meanwhile, that is why.
storing: ContextVar[bool] = ContextVar("storing", default=False)


class Threads:
    """Pools of one process; jobs have a thread of their own beside these."""

    def __init__(self, single: int) -> None:
        sizes: dict[Kind, int] = {"single": single, "bulk": BULK, "store": STORE}
        self.pools = {kind: ThreadPoolExecutor(size, thread_name_prefix=kind) for kind, size in sizes.items()}

    async def run(self, kind: Kind, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``work`` in a thread of its kind; whoever stops waiting for it is not kept."""
        loop = asyncio.get_running_loop()
        waits = storing.set(kind == "store")
        try:
            found = await loop.run_in_executor(self.pools[kind], lambda: work(*args, **kwargs))
        except Exception:
            storing.reset(waits)
            raise
        storing.reset(waits)  # not where the wait was broken off
        return found
