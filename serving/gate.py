"""Everything passes here, before and after the routes: keys, quotas, limits, deadlines, errors, logs."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from serving.adapters import OPEN as SIGNED
from serving.calls import PLACE, Call
from serving.keys import SCOPES, KeyStore
from serving.metrics import Metrics
from serving.problems import MEDIA_TYPE, Problem
from serving.rates import Buckets
from serving.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = frozenset(("/livez", "/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/v1/docs"))
MANY = ("/scores", "/jobs", "/outcomes")  # routes whose calls are about many subjects
DRAINED = 10  # times the limit
logger = logging.getLogger("memberlens.calls")


class Gate:
    """An ASGI application around the routes; every answer that is no success is a problem document."""

    def __init__(self, app: App, settings: Settings, metrics: Metrics) -> None:
        self.app, self.limits, self.metrics = app, settings.limits, metrics
        self.keys = KeyStore(settings.kept / "keys.json")
        self.open_to_machine = settings.without_key == "this_machine"
        self.buckets = Buckets(settings.rate)
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = scope[PLACE] = Call.of(dict(scope))
        answer = _Answer(call, send)
        self.in_flight += 1
        try:
            self._admit(scope, call)
            async with asyncio.timeout(self._seconds(scope["path"])):
                await self.app(scope, self._limited(scope, receive), answer.send)
        except Problem as problem:
            await answer.refuse(scope, problem)
        except TimeoutError:
            await answer.refuse(scope, Problem("deadline_exceeded", "The time for an answer is over."))
        except Exception:
            logger.exception("failure request_id=%s", call.request_id)
            await answer.refuse(scope, Problem("internal", "The failure is logged under this request_id."))
        finally:
            self.in_flight -= 1
            self._record(scope, call, answer.status)

    def _admit(self, scope: Scope, call: Call) -> None:
        if scope["path"] in OPEN:
            return
        if self.in_flight > self.limits.in_flight:
            wait = {"Retry-After": "1"}
            raise Problem("overloaded", "Too many calls are being answered at this moment.", headers=wait)
        if scope["path"] in SIGNED:  # the adapters check their callers' signatures themselves
            call.client = "adapter"
        else:
            call.client, call.scopes = self._client(scope, call)
        call.headers |= self.buckets.take(call.client)

    def _client(self, scope: Scope, call: Call) -> tuple[str, frozenset[str]]:
        if call.key is not None and (key := self.keys.check(call.key)) is not None:
            return key.client, frozenset(key.scopes)
        if (
            call.key is None
            and self.open_to_machine
            and not self.keys.all()
            and not call.forwarded
            and _is_here(scope)
        ):
            return "this-machine", frozenset(SCOPES)
        challenge = {"WWW-Authenticate": 'Bearer realm="memberlens"'}
        raise Problem("unauthenticated", "Send a live key as bearer token or X-API-Key.", headers=challenge)

    def _seconds(self, path: str) -> float:
        return self.limits.bulk_seconds if path.endswith(MANY) else self.limits.seconds

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """``receive`` that counts: a body is refused as soon as it is too long."""
        most = self.limits.job_bytes if scope["path"].endswith("/jobs") else self.limits.body_bytes
        seen = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                await _drain(receive, message, DRAINED * most)
                raise Problem("body_too_large", f"At most {most} bytes in one call.")
            return message

        return counted

    def _record(self, scope: Scope, call: Call, status: int) -> None:
        """Counted and logged by the route's template: a path may hold what nobody should read."""
        route = getattr(scope.get("route"), "path", "-")
        seconds = perf_counter() - call.started
        self.metrics.request(route, scope["method"], call.client, status, seconds)
        if logger.isEnabledFor(logging.INFO) and route != "-" and scope["path"] not in OPEN:
            line = {
                "request_id": call.request_id, "trace": call.trace, "client": call.client, "route": route,
                "model": call.model, "status": status, "ms": round(seconds * 1000, 2),
            }  # fmt: skip
            logger.info(json.dumps(line))


class _Answer:
    """Sends an answer, with the call's headers, once."""

    def __init__(self, call: Call, send: Send) -> None:
        self.call, self._send, self.status = call, send, 0

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            more = [(name.lower().encode(), value.encode()) for name, value in self.call.headers.items()]
            message["headers"] = [*message.get("headers", []), *more]
        await self._send(message)

    async def refuse(self, scope: Scope, problem: Problem) -> None:
        if self.status:
            return  # too late: the answer has begun
        body = problem.body(self.call.request_id, scope["path"], self.call.language)
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        await self.send({"type": "http.response.start", "status": problem.kind.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


async def _drain(receive: Receive, message: MutableMapping[str, Any], most: int) -> None:
    """Read on without keeping anything: a caller that is still sending does not read an answer."""
    while message.get("more_body") and most > 0:
        message = await receive()
        most -= len(message.get("body", b""))


def _is_here(scope: Scope) -> bool:
    """Whether the caller sits on this machine."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
