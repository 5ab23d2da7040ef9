"""Bodies packed with gzip: those that come, unpacked no further than a body may be long, and answers."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.middleware.gzip import GZipMiddleware

from serving.contract.problems import Problem
from serving.settings import Limits

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
SMALL, LEVEL = 2_000, 5  # bytes: an answer about one subject is sent as it is
GZIP = 31  # zlib's window with gzip's header


class Packed:
    """An ASGI application in front of the routes; a plain call passes straight through."""

    def __init__(self, app: Callable[..., Awaitable[None]], limits: Limits) -> None:
        self.app, self.limits = app, limits
        self.packing = GZipMiddleware(app, minimum_size=SMALL, compresslevel=LEVEL)

    async def __call__(self, scope: Message, receive: Receive, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        named = headers.get(b"content-encoding", b"identity").strip().lower()
        if named not in (b"", b"identity"):
            most = self.limits.job_bytes if scope["path"].endswith("/jobs") else self.limits.body_bytes
            receive = _unpacked(receive, most) if named == b"gzip" else _unknown
        wanted = b"gzip" in headers.get(b"accept-encoding", b"")
        await (self.packing if wanted else self.app)(scope, receive, send)


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
