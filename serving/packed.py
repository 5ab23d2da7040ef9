"""Request bodies that come packed with gzip, unpacked no further than a body may be long."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from serving.problems import Problem
from serving.settings import Limits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
GZIP = 31  # zlib's window with gzip's header


class Unpack:
    """An ASGI application in front of the routes."""

    def __init__(self, app: Callable[..., Awaitable[None]], limits: Limits) -> None:
        self.app, self.limits = app, limits

    async def __call__(self, scope: Message, receive: Receive, send: Any) -> None:
        named = dict(scope.get("headers", ())).get(b"content-encoding", b"identity").strip().lower()
        if named not in (b"", b"identity"):
            most = self.limits.job_bytes if scope["path"].endswith("/jobs") else self.limits.body_bytes
            receive = _unpacked(receive, most) if named == b"gzip" else _unknown
        await self.app(scope, receive, send)


async def _unknown() -> Message:
    raise Problem("unsupported_media_type", "Content-Encoding: gzip or identity.")


def _unpacked(receive: Receive, most: int) -> Receive:
    unpack, seen = zlib.decompressobj(GZIP), 0

    async def unpacked() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] != "http.request":
            return message
        try:
            body = unpack.decompress(message.get("body", b""), most - seen + 1)
        except zlib.error:
            raise Problem("malformed_json", "The body is not packed with gzip.") from None
        seen += len(body)
        if seen > most:
            raise Problem("body_too_large", f"At most {most} bytes in one call, unpacked.")
        if not message.get("more_body") and not unpack.eof:
            raise Problem("malformed_json", "The packed body ends too early.")
        return {**message, "body": body}

    return unpacked
