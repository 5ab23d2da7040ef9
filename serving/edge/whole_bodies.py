"""Bodies are read whole before a call counts as being answered: a slow sender takes nobody's place."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from serving.contract.problems import Problem
from serving.settings import Limits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
DRAINED = 10  # times the limit


class HungUp(Exception):  # noqa: N818 - it says what the caller did
    """The caller has gone before its call was there."""


@dataclass
class Bodies:
    """Reads bodies; a client may have some calls under way, others are not touched by them."""

    limits: Limits
    _waiting: Counter[str] = field(default_factory=Counter, repr=False)

    async def read(self, receive: Receive, client: str, path: str) -> Receive:
        """Return a ``receive`` that gives the whole body at once.

        ``Problem`` where the body is too long or too slow, or the client has too many on the way;
        ``HungUp`` where it will not come any more.
        """
        if self._waiting[client] >= self.limits.arriving:
            wait = {"Retry-After": "1"}
            raise Problem("overloaded", "Too many bodies of this client are on their way.", headers=wait)
        self._waiting[client] += 1
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                body = await self._whole(receive, path)
        except TimeoutError:
            close = {"Connection": "close"}
            raise Problem("request_timeout", "The body must come at once.", headers=close) from None
        finally:
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]
        return _given(body, receive)

    async def _whole(self, receive: Receive, path: str) -> bytes:
        most = self.limits.job_bytes if path.endswith("/jobs") else self.limits.body_bytes
        parts, seen, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            parts.append(message.get("body", b""))
            seen += len(parts[-1])
            more = message.get("more_body", False)
            if seen > most:
                await _drain(receive, message, DRAINED * most)
                raise Problem("body_too_large", f"At most {most} bytes in one call.")
        return b"".join(parts)


def _given(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return messages.pop() if messages else await receive()

    return give


async def _drain(receive: Receive, message: Message, most: int) -> None:
    """Read on without keeping anything: a caller that is still sending does not read an answer."""
    while message.get("more_body") and most > 0:
        message = await receive()
        most -= len(message.get("body", b""))
