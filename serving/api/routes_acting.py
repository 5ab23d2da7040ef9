"""What is due for one member or lead, and who is held out."""

from typing import Any

from fastapi import APIRouter, Request, Response

from serving.acting import known
from serving.acting.membership import lists, memberships
from serving.acting.next_action import next_action
from serving.acting.published import Plans, Scenes
from serving.api.responses import reply
from serving.contract import openapi
from serving.contract.schema_acting import Holdout, HoldoutAnswer, NextAction, NextActionAnswer
from serving.database import Database
from serving.edge import call_context, request_bodies
from serving.ledger import access_log
from serving.state import State

SCOPE = "actions:read"


def router(state: State, database: Database, scenes: Scenes, plans: Plans) -> APIRouter:
    """Return routes about acting on one subject."""
    routes = APIRouter()
    _next(routes, state, database, scenes)
    _holdout(routes, state, scenes, plans)
    return routes


def _next(routes: APIRouter, state: State, database: Database, scenes: Scenes) -> None:
    said = openapi.route(NextActionAnswer, NextAction, scope=SCOPE)
    secret = access_log.secret_of(state.settings.state_dir)

    @routes.post("/v1/members/next-action", openapi_extra=said, summary="What is due for a member or lead")
    async def next_action_of(request: Request) -> Response:
        call = call_context.of(request)
        call.require(SCOPE)
        body = await request_bodies.body(request, NextAction)
        language = (body.language or call.language)[:2]
        found = await state.run(
            next_action, scenes, state.consents, state.settings, body, language, state.now()
        )
        state.metrics.acted(found, call.client)
        await state.run_store(access_log.note, database, secret, call, "next_action", body.ref, state.now())
        return reply(request, {"result": found})


def _holdout(routes: APIRouter, state: State, scenes: Scenes, plans: Plans) -> None:
    said = openapi.route(HoldoutAnswer, Holdout, scope=SCOPE)

    @routes.post("/v1/members/holdout", openapi_extra=said, summary="Who is held out of what")
    async def holdout(request: Request) -> Response:
        call_context.of(request).require(SCOPE)
        body = await request_bodies.body(request, Holdout)
        return reply(request, {"result": await state.run(_held, state, scenes, plans, body)})


def _held(state: State, scenes: Scenes, plans: Plans, body: Holdout) -> dict[str, Any]:
    """Nothing is told of who is suppressed: nobody may write to them anyway."""
    listed = lists(plans, scenes, body.kind, body.ref)
    why = known.suppression(state.consents, body.kind, body.ref, None, state.now(), listed)
    found = memberships(plans, scenes, body) if why is None else []
    return {
        "status": "ok" if why is None else "suppressed",
        "suppression_reason": why,
        "held_out": any(one["held_out"] for one in found),
        "holdouts": found,
    }
