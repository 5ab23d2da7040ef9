"""Which models are live, and whether the service is."""

from fastapi import APIRouter, Request, Response

from serving.api import live_metrics, model_cards
from serving.api.responses import reply
from serving.contract import openapi
from serving.contract.problems import LATER
from serving.contract.schema_replies import ModelCard, Models
from serving.database import Database
from serving.edge import call_context
from serving.state import State
from serving.tasks import TASK_NAMES


def router(state: State, database: Database) -> APIRouter:
    """Return routes that tell about models and about the service itself."""
    routes = APIRouter()

    @routes.get(
        "/v1/models",
        openapi_extra=openapi.route(Models, scope="score:read"),
        summary="Which models are live",
    )
    async def models(request: Request) -> Response:
        call_context.of(request).require("score:read")
        return reply(request, {"models": [model_cards.short(state, one) for one in state.champions.values()]})

    for task in TASK_NAMES:
        _card(routes, state, task)

    @routes.get(
        "/readyz",
        openapi_extra=openapi.readiness(),
        summary="Whether scores can be asked for",
    )
    async def readyz(request: Request) -> Response:
        call, is_ready = call_context.of(request), state.ready
        if not is_ready:
            call.headers["Retry-After"] = LATER
        return reply(request, model_cards.ready(state, call.inside), 200 if is_ready else 503)

    @routes.get("/livez", include_in_schema=False)
    @routes.get("/healthz", include_in_schema=False)
    async def livez(request: Request) -> Response:
        return reply(request, {"status": "alive"})

    @routes.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        call_context.of(request).require_inside()
        text = await state.run_store(live_metrics.text, state, database)
        return Response(text, media_type="text/plain; version=0.0.4")

    return routes


def _card(routes: APIRouter, state: State, task: str) -> None:
    @routes.get(
        f"/v1/models/{task}",
        openapi_extra=openapi.route(ModelCard, scope="score:read"),
        summary="The model's card",
    )
    async def card(request: Request) -> Response:
        call_context.of(request).require("score:read")
        return reply(request, {"model": model_cards.full(state, state.champion(task))})
