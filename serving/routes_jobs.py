"""Jobs over HTTP."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from serving import calls, contract, parsing
from serving.jobs import Jobs
from serving.problems import Fault, Problem
from serving.replies import reply
from serving.schema_jobs import Job
from serving.schema_replies import JobAnswer, JobPage
from serving.state import State

NDJSON = "application/x-ndjson"
MAX_LIMIT = 1_000
Mark = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


def router(state: State, jobs: Jobs) -> APIRouter:
    """Routes for audiences that take longer than a call."""
    routes = APIRouter()

    @routes.post(
        "/v1/jobs",
        status_code=202,
        openapi_extra=contract.route(JobAnswer, Job, 202, 409, lines=True, scope="jobs:write"),
        summary="Score an audience",
    )
    async def create(request: Request, mark: Mark, model: str | None = None) -> Response:
        call = calls.of(request)
        call.require("jobs:write")
        body = await request.body()
        job = await parsing.body(request, Job) if not _is_lines(request) else _lines(body, model)
        digest = hashlib.sha256(body + (model or "").encode()).hexdigest()
        items = await state.run(_items, state, job, call.language)
        made = (call.client, mark, digest, job.model, items, state.now())
        found, _ = await state.run(jobs.create, *made)
        call.headers["Location"] = f"/v1/jobs/{found}"
        return reply(request, {"job": await state.run(jobs.status, call.client, found)}, 202)

    @routes.get(
        "/v1/jobs/{job}",
        openapi_extra=contract.route(JobAnswer, scope="jobs:read"),
        summary="How far a job is",
    )
    async def status(job: str, request: Request) -> Response:
        call = calls.of(request)
        call.require("jobs:read")
        return reply(request, {"job": await state.run(jobs.status, call.client, job)})

    @routes.get(
        "/v1/jobs/{job}/results",
        openapi_extra=contract.route(JobPage, scope="jobs:read"),
        summary="A job's answers, page by page",
    )
    async def job_results(
        job: str,
        request: Request,
        cursor: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 500,
    ) -> Response:
        call = calls.of(request)
        call.require("jobs:read")
        found, after = await state.run(jobs.results, call.client, job, cursor, limit)
        return reply(request, {"results": found, "next_cursor": after})

    @routes.post(
        "/v1/jobs/{job}:cancel",
        openapi_extra=contract.route(JobAnswer, scope="jobs:write"),
        summary="Stop a job; what is answered stays",
    )
    async def cancel(job: str, request: Request) -> Response:
        call = calls.of(request)
        call.require("jobs:write")
        return reply(request, {"job": await state.run(jobs.cancel, call.client, job, state.now())})

    return routes


def _is_lines(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == NDJSON


def _lines(body: bytes, model: str | None) -> Job:
    """A job from one item a line."""
    try:
        items = [json.loads(line) for line in body.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise Problem("malformed_json", "Every line must be a JSON object.") from None
    if not items or not all(isinstance(item, dict) for item in items):
        raise Problem(
            "validation_failed", "Every line must be an item.", [Fault("", "items", "needs objects")]
        )
    return parsing.validated(Job, {"model": model, "items": items})


def _items(state: State, job: Job, language: str) -> list[dict[str, Any]]:
    """What is to be answered: the items sent, or one for everyone in the snapshot."""
    champion = state.champion(job.model)
    if job.items is not None:
        return [parsing.in_language(item, language) for item in job.items]
    if champion.snapshot is None:
        raise Problem("not_ready", f"There is no snapshot of everyone: {champion.refusal}")
    common = job.model_dump(mode="json", include={"campaign_id", "campaign", "options"}, exclude_none=True)
    common = parsing.in_language(common, language)
    return [{"record_id": subject, "ref": subject} | common for subject in champion.snapshot.subjects]
