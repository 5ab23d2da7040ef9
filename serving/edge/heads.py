"""HEAD wherever there is GET: the same headers and nothing else."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
NOTED = ("route", "path_params")  # what the router says of a call, for whoever stands in front


class Heads:
    """An ASGI application in front of the routes, which answer a HEAD as they answer the GET."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}
        try:
            await self.app(asked, receive, lambda message: send(_without_body(message)))
        finally:
            scope.update({name: asked[name] for name in NOTED if name in asked})


def _without_body(message: Message) -> Message:
    return {**message, "body": b""} if message["type"] == "http.response.body" else message
