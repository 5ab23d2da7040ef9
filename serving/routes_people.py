"""Portraits of members, and what became of those who were scored."""

from typing import Any

from fastapi import APIRouter, Request, Response

from serving import audit, calls, consent, contract, outcomes, parsing
from serving.database import Database
from serving.portraits import Portraits
from serving.problems import Problem
from serving.rates import Buckets
from serving.replies import reply
from serving.schema import Portrait
from serving.schema_outcomes import Outcomes
from serving.schema_replies import Kept, PortraitAnswer
from serving.state import State


def router(state: State, database: Database, tight: Buckets) -> APIRouter:
    """Routes about members that no model answers."""
    routes = APIRouter()
    _portrait(routes, state, database, tight)
    _outcomes(routes, state, database)
    return routes


def _portrait(routes: APIRouter, state: State, database: Database, tight: Buckets) -> None:
    said = contract.route(PortraitAnswer, Portrait, scope="portrait:read")
    secret = audit.secret_of(state.settings.kept)
    portraits = Portraits(state.settings.published / "portrait")

    @routes.post("/v1/members/portrait", openapi_extra=said, summary="A member's tags")
    async def portrait(request: Request) -> Response:
        call = calls.of(request)
        call.require("portrait:read")
        call.headers |= tight.take(call.client)
        body = await parsing.body(request, Portrait)
        found = await state.run(_shown, state, portraits, body)
        await state.run(audit.note, database, secret, call, "portrait", body.ref, state.now())
        return reply(request, {"result": found})


def _shown(state: State, portraits: Portraits, body: Portrait) -> dict[str, Any]:
    """The member's tags, unless what the snapshots know of consent forbids them."""
    said = [] if body.consent is None else [{f"consent_{kind}": word for kind, word in body.consent}]
    for champion in state.champions.values():
        snapshot = champion.snapshot
        if snapshot is not None and champion.reader.key == "member_id" and body.ref in snapshot.subjects:
            said.append(snapshot.known(snapshot.subjects[body.ref]))
    if not said:
        raise Problem("unknown_ref", "The published snapshots have no such member.")
    reason = consent.suppression(said, state.now(), state.settings)
    if reason is not None:
        return {"status": "suppressed", "suppression_reason": reason}
    return {"status": "ok", "tags": portraits.of(body.ref)}


def _outcomes(routes: APIRouter, state: State, database: Database) -> None:
    said = contract.route(Kept, Outcomes, scope="outcomes:write")

    @routes.post("/v1/outcomes", openapi_extra=said, summary="What became of subjects")
    async def outcome(request: Request) -> Response:
        call = calls.of(request)
        call.require("outcomes:write")
        body = await parsing.body(request, Outcomes)
        new = await state.run(outcomes.keep, database, call.client, body, state.now())
        return reply(request, {"accepted": new, "duplicates": len(body.outcomes) - new})
