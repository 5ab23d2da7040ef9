"""Questions that wait at the same time are answered in one go.

Preparing an answer costs nearly the same for one subject as for ten, so that callers who come while others
are being answered share the next turn. Nobody waits for more callers to come: alone, one is answered at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")
MOST = 16  # at a time: more of them would make the first wait for the last


@dataclass
class Gathering(Generic[A, R]):
    """One turn after another; ``run`` gives what becomes of each question, in their order."""

    run: Callable[[list[A]], Awaitable[list[R]]]
    _waiting: list[tuple[A, "asyncio.Future[R]"]] = field(default_factory=list)
    _turns: "asyncio.Task[None] | None" = None

    async def ask(self, question: A) -> R:
        """Return what becomes of ``question``, or raise what it alone leads to.

        Whoever stops waiting before their turn is not answered.
        """
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, mine))
        if self._turns is None or self._turns.done():
            self._turns = asyncio.create_task(self._all())
        return await mine

    async def _all(self) -> None:
        while self._waiting:
            turn, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if there := [one for one in turn if not one[1].done()]:
                await self._answer(there)

    async def _answer(self, turn: list[tuple[A, "asyncio.Future[R]"]]) -> None:
        """An error is told to the one whose question it comes of: others are asked again without it."""
        asked = [question for question, _ in turn]
        [found] = await asyncio.gather(self.run(asked), return_exceptions=True)
        if not isinstance(found, BaseException):
            for (_, mine), result in zip(turn, found, strict=True):
                if not mine.done():
                    mine.set_result(result)
        elif len(turn) > 1:
            for one in turn:
                await self._answer([one])
        elif not turn[0][1].done():
            turn[0][1].set_exception(found)
