"""Portraits of members, and what became of those who were scored."""

from typing import Any

from fastapi import APIRouter, Request, Response

from features.consent import REASON
from serving.api.responses import reply
from serving.champion.portraits import Portraits
from serving.consent import subjects
from serving.consent.consents import Facts
from serving.contract import openapi
from serving.contract.problems import Problem
from serving.contract.schema import Portrait
from serving.contract.schema_outcomes import Outcome, Outcomes
from serving.contract.schema_replies import Kept, PortraitAnswer
from serving.database import Database
from serving.edge import call_context, request_bodies
from serving.edge.rate_limits import Buckets
from serving.ledger import access_log, outcome_checks, outcomes, refusals
from serving.state import State


def router(state: State, database: Database, tight: Buckets) -> APIRouter:
    """Return routes about members that no model answers."""
    routes = APIRouter()
    _portrait(routes, state, database, tight)
    _outcomes(routes, state, database)
    return routes


def _portrait(routes: APIRouter, state: State, database: Database, tight: Buckets) -> None:
    said = openapi.route(PortraitAnswer, Portrait, scope="portrait:read")
    secret = access_log.secret_of(state.settings.state_dir)
    portraits = Portraits(state.settings.build_dir / "portrait")

    @routes.post("/v1/members/portrait", openapi_extra=said, summary="A member's tags")
    async def portrait(request: Request) -> Response:
        call = call_context.of(request)
        call.require("portrait:read")
        call.headers |= tight.take(call.client)
        body = await request_bodies.body(request, Portrait)
        found = await state.run(_shown, state, portraits, body)
        await state.run_store(access_log.note, database, secret, call, "portrait", body.ref, state.now())
        return reply(request, {"result": found})


def _shown(state: State, portraits: Portraits, body: Portrait) -> dict[str, Any]:
    """The member's tags, unless what is known of consent forbids them."""
    said: list[Facts] = (
        [] if body.consent is None else [{f"consent_{kind}": word for kind, word in body.consent}]
    )
    known = state.consents.known("member", body.ref)
    if not state.consents.lists("member", body.ref):
        known = (*known, *_published(state, body.ref))
    if not known:
        raise Problem("unknown_ref", "The published snapshots have no such member.")
    reason = state.consents.suppression((*said, *known), state.now())
    tags = {} if reason is not None else portraits.of(body.ref)
    reason = reason or tags.pop(REASON, None)
    tags.pop("status", None)
    if reason is not None:
        return {"status": "suppressed", "suppression_reason": reason}
    return {"status": "ok", "tags": tags}


def _published(state: State, member: str) -> list[Facts]:
    """What the snapshots say of a member whom the list does not have."""
    found: list[Facts] = []
    for champion in state.champions.values():
        snapshot = champion.snapshot
        if snapshot is not None and champion.reader.key == "member_id" and member in snapshot.subjects:
            found.append(snapshot.known(snapshot.subjects[member]))
    return found


def _outcomes(routes: APIRouter, state: State, database: Database) -> None:
    said = openapi.route(Kept, Outcomes, scope="outcomes:write")

    @routes.post("/v1/outcomes", openapi_extra=said, summary="What became of subjects")
    async def outcome(request: Request) -> Response:
        call = call_context.of(request)
        call.require("outcomes:write")
        body = await request_bodies.body(request, Outcomes)
        found = await state.run_store(_kept, state, database, call, body)
        return reply(request, found)


def _kept(state: State, database: Database, call: call_context.Call, body: Outcomes) -> dict[str, Any]:
    """What can be true is kept, unless it is about somebody who was erased.

    Who refused is withdrawn, also where the outcome itself cannot be kept: of an unknown score, say.
    """
    client = call.client
    good, faults = outcome_checks.checked(state.score_log, body, state.now())
    may = [one for one in good if _may_be_kept(state, one)]
    new = outcomes.keep(database, client, may, state.now())
    named = [one for one in body.outcomes if one.ref is not None and _may_be_kept(state, one)]
    told = [*named, *(one for one in may if one.ref is None)]
    refusals.follow(state.score_log, state.consents, client, told, state.now())
    found = {"accepted": new, "duplicates": len(may) - new, "refused": len(body.outcomes) - len(may)}
    return found | {"errors": [fault.to_dict(call.language) for fault in faults]}


def _may_be_kept(state: State, one: Outcome) -> bool:
    """Whether the outcome is about nobody who was erased."""
    kinds = ("member", "lead") if one.model is None else (subjects.kind_of(one.model),)
    return one.ref is None or not any(state.consents.is_erased(kind, one.ref) for kind in kinds)
