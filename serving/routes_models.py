"""Which models are live, and whether the service is."""

from fastapi import APIRouter, Request, Response

from serving import calls, cards, contract, monitored
from serving.database import Database
from serving.replies import reply
from serving.schema_replies import ModelCard, Models, Ready
from serving.state import State
from serving.tasks import TASK_NAMES


def router(state: State, database: Database) -> APIRouter:
    """Routes that tell about models and about the service itself."""
    routes = APIRouter()

    @routes.get(
        "/v1/models",
        openapi_extra=contract.route(Models, scope="score:read"),
        summary="Which models are live",
    )
    async def models(request: Request) -> Response:
        calls.of(request).require("score:read")
        return reply(request, {"models": [cards.short(champion) for champion in state.champions.values()]})

    for task in TASK_NAMES:
        _card(routes, state, task)

    @routes.get(
        "/readyz",
        openapi_extra=contract.route(Ready) | {"security": []},
        summary="Whether scores can be asked for",
    )
    async def readyz(request: Request) -> Response:
        return reply(request, cards.ready(state, calls.of(request).inside), 200 if state.ready else 503)

    @routes.get("/livez", include_in_schema=False)
    @routes.get("/healthz", include_in_schema=False)
    async def livez(request: Request) -> Response:
        return reply(request, {"status": "alive"})

    @routes.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        calls.of(request).require_inside()
        text = await state.run_store(monitored.text, state, database)
        return Response(text, media_type="text/plain; version=0.0.4")

    return routes


def _card(routes: APIRouter, state: State, task: str) -> None:
    @routes.get(
        f"/v1/models/{task}",
        openapi_extra=contract.route(ModelCard, scope="score:read"),
        summary="The model's card",
    )
    async def card(request: Request) -> Response:
        calls.of(request).require("score:read")
        return reply(request, {"model": cards.full(state.champion(task))})
