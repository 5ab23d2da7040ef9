"""Jobs over HTTP."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from serving.api.responses import reply
from serving.consent import subjects
from serving.contract import openapi, personal_refs
from serving.contract.problems import Fault, Problem
from serving.contract.schema_jobs import Job
from serving.contract.schema_replies import JobAnswer, JobPage
from serving.edge import call_context, request_bodies, strict_json
from serving.ledger import erasure, masking
from serving.ledger.job_store import Jobs, Mask
from serving.state import State

NDJSON = "application/x-ndjson"
MAX_LIMIT = 1_000
Mark = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


def router(state: State, jobs: Jobs) -> APIRouter:
    """Return routes for audiences that take longer than a call."""
    routes = APIRouter()
    _create(routes, state, jobs)
    _status(routes, state, jobs)
    _results(routes, state, jobs)
    _cancel(routes, state, jobs)
    return routes


def _create(routes: APIRouter, state: State, jobs: Jobs) -> None:
    @routes.post(
        "/v1/jobs",
        status_code=202,
        openapi_extra=openapi.route(JobAnswer, Job, 202, 409, lines=True, scope="jobs:write"),
        summary="Score an audience",
    )
    async def create(request: Request, mark: Mark, model: str | None = None) -> Response:
        call = call_context.of(request)
        call.require("jobs:write")
        if not _is_lines(request):
            request_bodies.require_json(request)
        raw = await request.body()
        job, items = await state.run_bulk(_read, state, raw, model, _is_lines(request), call.language)
        digest = hashlib.sha256(raw + (model or "").encode()).hexdigest()
        made = (call.client, mark, digest, job.model, items, state.now(), state.settings.limits.queued_items)
        found, _ = await state.run_store(jobs.create, *made)
        call.headers["Location"] = f"/v1/jobs/{found}"
        return reply(request, {"job": await state.run_store(jobs.status, call.client, found)}, 202)


def _status(routes: APIRouter, state: State, jobs: Jobs) -> None:
    @routes.get(
        "/v1/jobs/{job}",
        openapi_extra=openapi.route(JobAnswer, scope="jobs:read"),
        summary="How far a job is",
    )
    async def status(job: str, request: Request) -> Response:
        call = call_context.of(request)
        call.require("jobs:read")
        return reply(request, {"job": await state.run_store(jobs.status, call.client, job)})


def _results(routes: APIRouter, state: State, jobs: Jobs) -> None:
    @routes.get(
        "/v1/jobs/{job}/results",
        openapi_extra=openapi.route(JobPage, scope="jobs:read"),
        summary="A job's answers, page by page",
    )
    async def job_results(
        job: str,
        request: Request,
        cursor: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 500,
    ) -> Response:
        call = call_context.of(request)
        call.require("jobs:read")
        found, after = await state.run_store(jobs.results, call.client, job, cursor, limit, _mask(state))
        return reply(request, {"results": found, "next_cursor": after})


def _cancel(routes: APIRouter, state: State, jobs: Jobs) -> None:
    @routes.post(
        "/v1/jobs/{job}:cancel",
        openapi_extra=openapi.route(JobAnswer, scope="jobs:write"),
        summary="Stop a job; what is answered stays",
    )
    async def cancel(job: str, request: Request) -> Response:
        call = call_context.of(request)
        call.require("jobs:write")
        return reply(request, {"job": await state.run_store(jobs.cancel, call.client, job, state.now())})


def _mask(state: State) -> Mask:
    """Answers as far as they may be told now."""
    return lambda task, items, found: masking.masked(state.consents, task, items, found, state.now())


def _is_lines(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == NDJSON


def _read(
    state: State, raw: bytes, model: str | None, lines: bool, language: str
) -> tuple[Job, list[dict[str, Any]]]:
    """The job and its items."""
    job = _lines(raw, model) if lines else request_bodies.read(raw, Job)
    return job, _items(state, job, language)


def _lines(body: bytes, model: str | None) -> Job:
    """A job from one item a line."""
    lines = [(at, line) for at, line in enumerate(body.splitlines()) if line.strip()]
    for at, line in lines:
        request_bodies.once(line, "lines", at)
    items = [strict_json.content(line) for _, line in lines]
    if not items or not all(isinstance(item, dict) for item in items):
        raise Problem(
            "validation_failed", "Every line must be an item.", [Fault("", "items", "needs objects")]
        )
    return request_bodies.validated(Job, {"model": model, "items": items})


def _kept(item: dict[str, Any], language: str) -> dict[str, Any]:
    """An item as it waits: no personal data in it, and none that looks like one that was erased."""
    item = {} if item == erasure.ERASED else personal_refs.put_under_key(item)
    return request_bodies.in_language(item, language)


def _items(state: State, job: Job, language: str) -> list[dict[str, Any]]:
    """What is to be answered: the items sent, or one for everyone in the snapshot."""
    champion = state.champion(job.model)
    if job.items is not None:
        return [_kept(item, language) for item in job.items]
    if champion.snapshot is None:
        raise Problem(
            "not_ready",
            "There is no snapshot of everyone: it is missing or was refused, and /readyz says why.",
        )
    common = job.model_dump(mode="json", include={"campaign_id", "campaign", "options"}, exclude_none=True)
    common = request_bodies.in_language(common, language)
    kind, consents = subjects.kind_of(job.model), state.consents
    everyone = (ref for ref in champion.snapshot.subjects if not consents.is_erased(kind, ref))
    return [{"record_id": ref, "ref": ref} | common for ref in everyone]
