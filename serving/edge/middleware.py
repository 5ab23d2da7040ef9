"""Everything passes here, before and after the routes: keys, quotas, limits, deadlines, errors, logs."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any

from serving.contract.problems import MEDIA_TYPE, Problem
from serving.edge import header_values, query_parameters
from serving.edge.access import Access, peer
from serving.edge.call_context import PLACE, Call
from serving.edge.connections import Connections, kept
from serving.edge.in_flight import InFlight
from serving.edge.rate_limits import Buckets
from serving.edge.service_metrics import Metrics
from serving.edge.signatures import SIGNED
from serving.edge.threads import storing
from serving.edge.whole_bodies import Bodies, HungUp
from serving.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = frozenset(("/livez", "/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/v1/docs"))
# Routes whose calls are about many subjects.
MANY = ("/scores", "/jobs", "/outcomes", "/consent", "/erase", "/audiences", "/members")
HUNG_UP = 499  # nobody is there to be answered; what is sent is counted and thrown away
logger = logging.getLogger("memberlens.calls")


class Gate:
    """An ASGI application around the routes; every answer that is no success is a problem document."""

    def __init__(
        self,
        app: App,
        settings: Settings,
        metrics: Metrics,
        buckets: Buckets,
        in_flight: InFlight,
        connections: Connections,
    ) -> None:
        self.app, self.limits, self.metrics = app, settings.limits, metrics
        self.access, self.bodies, self.buckets = Access(settings), Bodies(settings.limits), buckets
        self.in_flight, self.connections = in_flight, connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = scope[PLACE] = Call.of(dict(scope))
        if self.connections.ends(kept(scope)):
            call.headers["Connection"] = "close"
        answer = _Answer(call, send)
        try:
            await self._admit(scope, call)
            sender = peer(scope) if scope["path"] in SIGNED else call.client  # nobody yet who could be named
            receive = await self.bodies.read(receive, sender, scope["path"])
            await self._answer(scope, receive, answer)
        except HungUp:
            await answer.end(HUNG_UP)
        except Problem as problem:
            await answer.refuse(scope, problem)
        except TimeoutError:
            await answer.refuse(scope, _too_late())
        except Exception:
            logger.exception("failure request_id=%s", call.request_id)
            await answer.refuse(scope, Problem("internal", "The failure is logged under this request_id."))
        finally:
            self._record(scope, call, answer.status)

    async def _admit(self, scope: Scope, call: Call) -> None:
        header_values.once(scope["headers"])
        self.access.address(call)
        if scope["path"] in OPEN:
            await self.access.look(scope, call)
            return
        if scope["path"] in SIGNED:  # the adapters check signatures, which need the body, and then quotas
            return
        await self.access.enter(scope, call)
        call.headers |= self.buckets.take(call.client)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """One of the calls that are being answered at this moment; those about many do not count for one."""
        if scope.get("query_string"):
            query_parameters.once(scope["query_string"])
        many = scope["path"].endswith(MANY)
        most = self.limits.bulk_in_flight if many else self.limits.single_in_flight
        if not self.in_flight.enter(many, None if scope["path"] in OPEN else most):
            wait = {"Retry-After": "1"}
            raise Problem("overloaded", "Too many calls are being answered at this moment.", headers=wait)
        try:
            async with asyncio.timeout(self.limits.bulk_seconds if many else self.limits.seconds):
                await self.app(scope, receive, answer.send)
        finally:
            self.in_flight.leave(many)

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


def _too_late() -> Problem:
    """Why there is no answer in time; a store that is locked or slow is not the caller's affair."""
    if not storing.get():
        return Problem("deadline_exceeded", "The time for an answer is over.")
    detail = "The store did not answer in time; what was sent may be kept or not: send it again."
    return Problem("storage_unavailable", detail, headers={"Retry-After": "5"})


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

    async def end(self, status: int) -> None:
        """End a call that nobody waits for any more: whoever stands around the gate waits for an answer."""
        await self.send({"type": "http.response.start", "status": status, "headers": []})
        await self.send({"type": "http.response.body", "body": b""})

    async def refuse(self, scope: Scope, problem: Problem) -> None:
        if self.status:
            return  # too late: the answer has begun
        body = problem.body(self.call.request_id, scope["path"], self.call.language)
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        await self.send({"type": "http.response.start", "status": problem.kind.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
