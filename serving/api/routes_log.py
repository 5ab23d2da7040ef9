"""A score that was given, by its id."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from serving.api.responses import reply
from serving.contract import openapi
from serving.contract.problems import Problem
from serving.contract.schema_log import LoggedAnswer
from serving.edge import call_context
from serving.state import State

SCOPE = "scores:read"
ScoreId = Annotated[str, Path(min_length=1, max_length=200)]


def router(state: State) -> APIRouter:
    """Return the route to the log of scores."""
    routes = APIRouter()

    said = openapi.route(LoggedAnswer, scope=SCOPE)

    @routes.get("/v1/scores/{score_id}", openapi_extra=said, summary="A score that was given")
    async def logged(score_id: ScoreId, request: Request) -> Response:
        call_context.of(request).require(SCOPE)
        found = await state.run_store(state.score_log.find, [score_id])
        if score_id not in found:
            raise Problem("unknown_score", "No such score was given, or it is no longer kept.")
        return reply(request, {"score": {name: found[score_id][name] for name in LOGGED}})

    return routes


LOGGED = tuple(LoggedAnswer.model_fields["score"].annotation.model_fields)  # type: ignore[union-attr]
