"""What is known of one subject's score: the stored answer, and every contribution to it."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from serving.answering import explanations
from serving.api.responses import reply
from serving.api.routes_scores import champion_for, noted, scored_response
from serving.contract import openapi
from serving.contract.flat_answers import flat
from serving.contract.schema_answers import Scored
from serving.contract.schema_items import ITEMS
from serving.contract.schema_lookup import BODIES, QUERIES, LookupQuery
from serving.database import Database
from serving.edge import call_context, header_values, request_bodies
from serving.edge.rate_limits import Buckets
from serving.ledger import access_log
from serving.state import State
from serving.tasks import TASK_NAMES

FRESH = {"Cache-Control": "private, no-cache"}  # kept, but asked about again: consent may have changed
PASSING = ("score_id", "scored_at", "warnings")


def router(state: State, database: Database, tight: Buckets) -> APIRouter:
    """Return stored scores and explanations; the latter with a quota and a line in the audit."""
    routes = APIRouter()
    for task in TASK_NAMES:
        _explain(routes, state, task, database, tight)
        _lookup(routes, state, task)
    return routes


def _explain(routes: APIRouter, state: State, task: str, database: Database, tight: Buckets) -> None:
    said = openapi.route(Scored, ITEMS[task], scope="explain:read")
    secret = access_log.secret_of(state.settings.state_dir)

    @routes.post(
        f"/v1/models/{task}/explain",
        openapi_extra=said,
        summary="Every contribution, and what would have led elsewhere",
    )
    async def explain(request: Request) -> Response:
        champion, call = champion_for(state, task, request, "explain:read"), call_context.of(request)
        call.headers |= tight.take(call.client)
        item = await request_bodies.body(request, ITEMS[task])
        work = (champion, item, state.settings, state.now(), state.consents)
        found = await state.run(explanations.explain, *work)
        await state.run_store(access_log.note, database, secret, call, "explain", item.ref, state.now())
        return scored_response(state, champion, request, [item], [found], {"result": found})


def _lookup(routes: APIRouter, state: State, task: str) -> None:
    """By GET and POST; the latter for whoever keeps addresses in a log."""
    path, query, sent = f"/v1/models/{task}/lookup", QUERIES[task], BODIES[task]
    by_get, by_post = openapi.lookup("score:read"), openapi.lookup("score:read", sent)

    @routes.get(path, openapi_extra=by_get, summary="The stored score")
    async def lookup(request: Request, asking: Annotated[query, Query()]) -> Response:  # type: ignore[valid-type]
        return await _stored(state, task, request, asking)

    @routes.post(path, openapi_extra=by_post, summary="The stored score, with no id in the address")
    async def find(request: Request) -> Response:
        champion_for(state, task, request, "score:read")
        return await _stored(state, task, request, await request_bodies.body(request, sent))


async def _stored(state: State, task: str, request: Request, asking: LookupQuery) -> Response:
    champion, call = champion_for(state, task, request, "score:read"), call_context.of(request)
    request_bodies.speak(call, asking)
    item = request_bodies.validated(ITEMS[task], request_bodies.in_language(asking.item(), call.language))
    found = await state.answer(champion, item)
    tag = _tag(champion.version + asking.flat, found)
    call.headers |= FRESH | {"ETag": tag, "Vary": "Accept-Language"}
    if _is_known(request, tag):
        return Response(status_code=304)
    if asking.flat == "1":
        noted(state, champion, request, [item], [found])
        return reply(request, flat(champion.name, found))
    return scored_response(state, champion, request, [item], [found], {"result": found})


def _is_known(request: Request, tag: str) -> bool:
    """Whether the caller has this answer: ``If-None-Match`` names its tag, one of several, or ``*``."""
    if request.method != "GET":
        return False
    listed = header_values.listed(request.headers.raw, b"if-none-match")
    named = {one.strip().removeprefix("W/") for one in listed.split(",")}
    return "*" in named or tag.removeprefix("W/") in named


def _tag(version: str, found: dict[str, Any]) -> str:
    lasting = {key: value for key, value in found.items() if key not in PASSING}
    return 'W/"' + hashlib.sha256(json.dumps([version, lasting]).encode()).hexdigest()[:16] + '"'
