"""Audiences over HTTP: a plan in the background, and its list page by page."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from models.acting import inputs, plan_reasons, published_plans
from models.acting.documents import PlanFacts
from serving.acting import audience_rows
from serving.acting.audience_rows import MEDIA
from serving.api.responses import reply
from serving.api.routes_jobs import Mark
from serving.contract import openapi
from serving.contract.problems import Fault, Problem
from serving.contract.schema_audiences import Audience, AudienceAnswer, AudiencePage, Brief
from serving.edge import call_context, header_values, request_bodies
from serving.edge.call_context import Call
from serving.ledger.audience_store import Audiences
from serving.state import State

MAX_LIMIT, MOST_WAITING = 10_000, 20
READ, WRITE = "audiences:read", "audiences:write"
BRIEF = tuple(Brief.model_fields)
KEPT = {"left_out": ("code", "members"), "limits": ("limit", "name", "price")}
Arm = Literal["contact", "care", "explore", "held_out", "none"]


def router(state: State, audiences: Audiences) -> APIRouter:
    """Return routes for who gets what."""
    routes = APIRouter()
    _create(routes, state, audiences)
    _status(routes, state, audiences)
    _members(routes, state, audiences)
    _cancel(routes, state, audiences)
    return routes


def _create(routes: APIRouter, state: State, audiences: Audiences) -> None:
    @routes.post(
        "/v1/audiences",
        status_code=202,
        openapi_extra=openapi.route(AudienceAnswer, Audience, 202, 409, scope=WRITE),
        summary="Plan who gets what within a budget",
    )
    async def plan_audience(request: Request, mark: Mark) -> Response:
        call = call_context.of(request)
        call.require(WRITE)
        body = await request_bodies.body(request, Audience)
        await state.run_store(_can_be_made, state, body)
        asked = body.request_facts
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        name = str(body.plan or body.name)
        made = (call.client, mark, digest, name, asked, state.now(), MOST_WAITING)
        found = await state.run_store(audiences.create, *made)
        call.headers["Location"] = f"/v1/audiences/{found}"
        return reply(request, {"audience": await state.run_store(_status_told, audiences, call, found)}, 202)


def _status(routes: APIRouter, state: State, audiences: Audiences) -> None:
    @routes.get(
        "/v1/audiences/{audience}",
        openapi_extra=openapi.route(AudienceAnswer, scope=READ),
        summary="How far an audience is, and what it should bring",
    )
    async def audience_status(audience: str, request: Request) -> Response:
        call = call_context.of(request)
        call.require(READ)
        return reply(request, {"audience": await state.run_store(_status_told, audiences, call, audience)})


def _members(routes: APIRouter, state: State, audiences: Audiences) -> None:
    @routes.get(
        "/v1/audiences/{audience}/members",
        openapi_extra=openapi.tabular(AudiencePage, MEDIA, scope=READ),
        summary="Who gets what, page by page, as JSON, CSV or Parquet",
    )
    async def audience_members(
        audience: str,
        request: Request,
        cursor: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 500,
        arm: Annotated[Arm | None, Query(description="of one arm alone")] = None,
        form: Annotated[
            Literal["json", "csv", "parquet"] | None, Query(alias="format", description="else by Accept")
        ] = None,
    ) -> Response:
        call = call_context.of(request)
        call.require(READ)
        row = await state.run_store(audiences.status, call.client, audience)
        asked = (state, audiences, row, () if arm is None else (arm,), cursor, limit)
        shown = audience_rows.form_of(form, header_values.listed(request.headers.raw, b"accept"))
        rows, after = await state.run_bulk(_page, *asked)
        if after is not None:
            call.headers["X-Next-Cursor"] = str(after)
        if shown == "json":
            members = await state.run_bulk(audience_rows.response_rows, rows, call.language)
            return reply(request, {"members": members, "next_cursor": after})
        content = await state.run_bulk(audience_rows.packed, rows, shown)
        return Response(content, media_type=MEDIA[shown])


def _cancel(routes: APIRouter, state: State, audiences: Audiences) -> None:
    @routes.post(
        "/v1/audiences/{audience}:cancel",
        openapi_extra=openapi.route(AudienceAnswer, scope=WRITE),
        summary="Stop an audience that has no list yet; a list that is there stays",
    )
    async def cancel_audience(audience: str, request: Request) -> Response:
        call = call_context.of(request)
        call.require(WRITE)
        row = await state.run_store(audiences.cancel, call.client, audience, state.now())
        return reply(request, {"audience": _told(row, call.language)})


def _can_be_made(state: State, body: Audience) -> None:
    """``Problem`` where the pipeline has not published what the audience is made of."""
    published = state.settings.build_dir
    if body.plan is not None:
        if body.plan not in published_plans.names(published / published_plans.FOLDER):
            raise Problem("unknown_plan", "No plan of this name has been published.")
        return
    try:
        known = inputs.option_names(published / inputs.FOLDER)
    except FileNotFoundError:
        raise Problem(
            "not_published", "No offers have been published: `memberlens offers` does it."
        ) from None
    faults = [
        Fault(f"/options/{at}", "unknown_option", f"allowed: {', '.join(known)}")
        for at, name in enumerate(body.options or ())
        if name not in known
    ]
    if faults:
        raise Problem("unknown_option", "Options that the brand does not have.", faults[:20])


def _status_told(audiences: Audiences, call: Call, audience: str) -> dict[str, Any]:
    return _told(audiences.status(call.client, audience), call.language)


def _told(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A row of the store as callers are told it, reasons in their language."""
    place, told, why = f"/v1/audiences/{row['id']}", row["told"], row["reason"]
    return {
        "id": row["id"], "name": row["name"], "status": row["status"],
        "reason": None if why is None else why[language],
        "brief": None if told is None else _brief(told, language),
        "links": {"self": place, "members": f"{place}/members"},
    }  # fmt: skip


def _brief(told: PlanFacts, language: str) -> dict[str, Any]:
    worded: dict[str, list[Mapping[str, object]]] = {
        "left_out": [*plan_reasons.left_out(told)], "limits": [*plan_reasons.limits(told)],
    }  # fmt: skip
    plain: Mapping[str, object] = told
    texts = {
        name: [{key: one[key] for key in KEPT[name]} | {"text": one[language]} for one in found]
        for name, found in worded.items()
    }
    return {name: plain[name] for name in BRIEF if name not in texts} | texts


def _page(
    state: State, audiences: Audiences, row: dict[str, Any], arms: tuple[str, ...], cursor: int, limit: int
) -> tuple[Any, int | None]:
    """Rows that may be told now; none, and the same cursor, while the plan is being made."""
    if row["status"] != "succeeded":
        return audience_rows.empty(), cursor if row["status"] in ("queued", "running") else None
    rows, after = audience_rows.page(audiences.file(row["id"]), arms, cursor, limit)
    return audience_rows.allowed(state.consents, rows, state.now()), after
