"""The public routes behind the gate: what BentoML mounts."""

from collections.abc import Iterator

from fastapi import APIRouter, FastAPI, Response
from starlette.routing import Route

from models.acting import published_plans, published_scenes
from serving.acting.published import Plans, Scenes
from serving.api import (
    adapters,
    responses,
    routes_acting,
    routes_audiences,
    routes_consent,
    routes_jobs,
    routes_log,
    routes_models,
    routes_people,
    routes_scores,
    routes_stored,
)
from serving.contract import docs_page, openapi, openapi_details
from serving.edge.compression import Packed
from serving.edge.heads import Heads
from serving.edge.middleware import Gate
from serving.edge.rate_levels import Levels
from serving.edge.rate_limits import Buckets
from serving.ledger.audience_store import Audiences
from serving.ledger.job_store import Jobs
from serving.settings import Adapters
from serving.state import State
from serving.tasks import OPTIONAL


def build(state: State, jobs: Jobs) -> Gate:
    """Return the application over the champions of ``state`` and the store of ``jobs``."""
    app = FastAPI(
        title="memberlens scoring",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat whatever name the caller calls the service by
    )
    app.router.generate_unique_id_function = openapi_details.operation_id
    responses.attach(app)
    jobs.database.prepare()
    state.score_log.prepare()
    state.consents.refresh()
    buckets = Buckets(state.settings.rate, Levels.shared(state.settings.state_dir / "rates"))
    outside = adapters.router(state, Adapters.of_environment(), buckets)
    routers = [*_routers(state, jobs), outside, _docs(app)]
    for router in routers:
        app.include_router(router)
    own = [route for route in app.routes if isinstance(route, Route)]  # the document's
    app.state.routes = [*own, *(route for router in routers for route in router.routes)]
    app.openapi = lambda: openapi.document(app, OPTIONAL - set(state.champions))  # type: ignore[method-assign]
    inside = Heads(Packed(app, state.settings.limits))
    return Gate(inside, state.settings, state.metrics, buckets, state.in_flight, state.connections)


def _routers(state: State, jobs: Jobs) -> Iterator[APIRouter]:
    """The routes of each resource: a further one is a module beside these and a line here."""
    settings, database = state.settings, jobs.database
    tight = Buckets(settings.explain_rate, Levels.shared(settings.state_dir / "explain_rates"))
    scenes = Scenes(settings.build_dir / published_scenes.FOLDER)
    plans = Plans(settings.build_dir / published_plans.FOLDER)
    yield routes_scores.router(state)
    yield routes_stored.router(state, database, tight)
    yield routes_people.router(state, database, tight)
    yield routes_acting.router(state, database, scenes, plans)
    yield routes_audiences.router(state, Audiences(database))
    yield routes_consent.router(state)
    yield routes_jobs.router(state, jobs)
    yield routes_models.router(state, database)
    yield routes_log.router(state)


def _docs(app: FastAPI) -> APIRouter:
    """The page that shows the document of all routes."""
    router = APIRouter()

    @router.get("/v1/docs", include_in_schema=False)
    async def shown() -> Response:
        headers = {"Content-Security-Policy": docs_page.POLICY}
        return Response(docs_page.page(app.openapi()), media_type="text/html", headers=headers)

    return router
