"""What was said about consent, and who is to be erased."""

import secrets
from datetime import datetime

from fastapi import APIRouter, Request, Response

from serving.api.responses import reply
from serving.consent import consent_updates
from serving.contract import openapi
from serving.contract.problems import Fault, Problem, pointer
from serving.contract.schema_consent import ConsentWords, Erase, Erased, Heard
from serving.edge import call_context, request_bodies
from serving.ledger import access_log, erasure
from serving.state import State

SCOPE = "consent:write"
AHEAD_SECONDS = 60.0  # what the clocks of two machines may differ by


def router(state: State) -> APIRouter:
    """Return routes by which the CRM tells a withdrawal or an erasure, effective at once."""
    routes, secret = APIRouter(), access_log.secret_of(state.settings.state_dir)
    said = openapi.route(Heard, ConsentWords, scope=SCOPE)

    @routes.post("/v1/members/consent", openapi_extra=said, summary="What was said about consent")
    async def consent(request: Request) -> Response:
        call = call_context.of(request)
        call.require(SCOPE)
        body = await request_bodies.body(request, ConsentWords)
        new = await state.run_store(_keep, state, call.client, body, state.now())
        return reply(request, {"accepted": new, "duplicates": len(body.consents) - new})

    gone = openapi.route(Erased, Erase, scope=SCOPE)

    @routes.post("/v1/members/erase", openapi_extra=gone, summary="Erase a subject")
    async def erase(request: Request) -> Response:
        call = call_context.of(request)
        call.require(SCOPE)
        body, now = await request_bodies.body(request, Erase), state.now()
        found = await state.run_store(
            erasure.erase, state.consents, state.score_log, (body.kind, body.ref), now
        )
        await state.run_store(access_log.note, state.consents.database, secret, call, "erase", None, now)
        return reply(request, {"result": found})

    return routes


def _keep(state: State, client: str, body: ConsentWords, now: datetime) -> int:
    """Keep the words and follow them at once; the other workers do within a second."""
    at = [
        now.timestamp() if one.occurred_at is None else one.occurred_at.timestamp() for one in body.consents
    ]
    ahead = [place for place, when in enumerate(at) if when > now.timestamp() + AHEAD_SECONDS]
    if ahead:
        faults = [Fault(pointer("consents", place, "occurred_at"), "ahead", "lies ahead") for place in ahead]
        raise Problem("validation_failed", "Nothing was said yet that lies ahead.", faults[:20])
    rows = [
        (
            *(client, one.event_id or secrets.token_hex(16), one.kind, one.ref),
            *(one.profiling, one.marketing, when, now.timestamp()),
        )
        for one, when in zip(body.consents, at, strict=True)
    ]
    with state.consents.database.use() as connection:
        new = consent_updates.keep(connection, rows)
    state.consents.refresh()
    return new
