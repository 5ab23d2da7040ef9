"""Bodies packed with gzip: those that come, unpacked no further than a body may be long, and answers."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.middleware.gzip import GZipMiddleware

from serving.contract.problems import Problem
from serving.edge.header_values import listed, weights
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
        wanted = _is_wanted(listed(scope.get("headers", ()), b"accept-encoding"))
        await (self.packing if wanted else self.app)(scope, receive, send)


def _is_wanted(accepted: str) -> bool:
    """Whether the caller takes gzip, and likes it no less than a plain answer."""
    if "gzip" not in accepted:
        return False
    found = weights(accepted)
    return found.get("gzip", 0.0) > 0 and found["gzip"] >= found.get("identity", 0.0)


async def _unknown() -> Message:
    takes = {"Accept-Encoding": "gzip"}
    raise Problem("unsupported_media_type", "Content-Encoding: gzip or identity.", headers=takes)


class _Unpacking:
    """One body, unpacked as it comes; of several packed one behind another (RFC 1952) all of them."""

    def __init__(self, most: int) -> None:
        self.most, self.seen, self._member = most, 0, zlib.decompressobj(GZIP)

    def opened(self, packed: bytes) -> bytes:
        """Return what a part holds; ``Problem`` where it is too long or not packed."""
        parts = []
        while packed:
            if self._member.eof:
                self._member = zlib.decompressobj(GZIP)
            try:
                parts.append(self._member.decompress(packed, self.most - self.seen + 1))
            except zlib.error:
                raise Problem("malformed_json", "The body is not packed with gzip.") from None
            self.seen += len(parts[-1])
            if self.seen > self.most:
                raise Problem("body_too_large", f"At most {self.most} bytes in one call, unpacked.")
            packed = self._member.unused_data
        return b"".join(parts)

    def end(self) -> None:
        """Raise ``Problem`` where the last part is not whole."""
        if not self._member.eof:
            raise Problem("malformed_json", "The packed body ends too early.")


def _unpacked(receive: Receive, most: int) -> Receive:
    unpacking = _Unpacking(most)

    async def unpacked() -> Message:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body = unpacking.opened(message.get("body", b""))
        if not message.get("more_body"):
            unpacking.end()
        return {**message, "body": body}

    return unpacked
