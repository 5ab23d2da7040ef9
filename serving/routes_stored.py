"""What is known of one subject's score: the stored answer, and every contribution to it."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from serving import answers, audit, calls, contract, explanations, parsing
from serving.database import Database
from serving.rates import Buckets
from serving.routes_scores import asked, told
from serving.schema_answers import Scored
from serving.schema_items import ITEMS
from serving.state import State
from serving.tasks import TASK_NAMES

FRESH = {"Cache-Control": "private, no-cache"}  # kept, but asked about again: consent may have changed
PASSING = ("score_id", "scored_at", "warnings")
Ref = Annotated[str, Query(min_length=1, max_length=200)]


def router(state: State, database: Database, tight: Buckets) -> APIRouter:
    """Stored scores and explanations; the latter with a quota and a line in the audit."""
    routes = APIRouter()
    for task in TASK_NAMES:
        _explain(routes, state, task, database, tight)
        if task != "response":
            _lookup(routes, state, task)
    _lookup_campaign(routes, state)
    return routes


def _explain(routes: APIRouter, state: State, task: str, database: Database, tight: Buckets) -> None:
    said, secret = contract.route(Scored, ITEMS[task]), audit.secret_of(state.settings.kept)

    @routes.post(f"/v1/models/{task}/explain", openapi_extra=said, summary="Every contribution")
    async def explain(request: Request) -> Response:
        champion, call = asked(state, task, request, "explain:read"), calls.of(request)
        call.headers |= tight.take(call.client)
        item = await parsing.body(request, ITEMS[task])
        work = (champion, item, state.settings, state.now(), state.consents)
        found = await state.run(explanations.explain, *work)
        await state.run_store(audit.note, database, secret, call, "explain", item.ref, state.now())
        return told(state, champion, request, [item], [found], {"result": found})


def _lookup(routes: APIRouter, state: State, task: str) -> None:
    @routes.get(f"/v1/models/{task}/lookup", openapi_extra=contract.lookup(), summary="The stored score")
    async def lookup(request: Request, ref: Ref) -> Response:
        return await _stored(state, task, request, {"ref": ref})


def _lookup_campaign(routes: APIRouter, state: State) -> None:
    @routes.get("/v1/models/response/lookup", openapi_extra=contract.lookup(), summary="The stored score")
    async def lookup(request: Request, ref: Ref, campaign_id: Ref) -> Response:
        return await _stored(state, "response", request, {"ref": ref, "campaign_id": campaign_id})


async def _stored(state: State, task: str, request: Request, asking: dict[str, str]) -> Response:
    champion = asked(state, task, request, "score:read")
    item = parsing.validated(ITEMS[task], asking)
    work = (champion, item, state.settings, state.now(), state.consents)
    ready = answers.is_ready(champion, item)  # quicker than a thread
    found = answers.answer(*work) if ready else await state.run(answers.answer, *work)
    tag = _tag(champion.version, found)
    calls.of(request).headers |= FRESH | {"ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304)
    return told(state, champion, request, [item], [found], {"result": found})


def _tag(version: str, found: dict[str, Any]) -> str:
    lasting = {key: value for key, value in found.items() if key not in PASSING}
    return 'W/"' + hashlib.sha256(json.dumps([version, lasting]).encode()).hexdigest()[:16] + '"'
