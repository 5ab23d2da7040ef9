"""Answers as bytes: JSON for what went well, problem documents for the rest."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from serving.contract.problems import MEDIA_TYPE, Problem
from serving.edge import call_context, query_parameters, request_bodies
from serving.tasks import TASK_NAMES

MODELS = "/v1/models/"
STORAGE = (sqlite3.DatabaseError, sqlite3.OperationalError)
CODES = {404: "not_found", 405: "method_not_allowed"}
ALLOWED = {
    "not_found": "/v1/openapi.json names all addresses.",
    "method_not_allowed": "The header Allow names the methods.",
    "unknown_model": f"allowed: {', '.join(TASK_NAMES)}",
    "internal": "The failure is logged under this request_id.",
}


def reply(request: Request, content: Mapping[str, Any], status: int = 200) -> Response:
    """Return ``content`` with the call's mark, as JSON without NaN."""
    body = {"request_id": call_context.of(request).request_id, **content}
    if warned := query_parameters.warnings(request):
        body["warnings"] = warned
    return Response(_text(body).encode(), status, media_type="application/json")


def reply_many(request: Request, content: Mapping[str, Any], name: str, many: Sequence[Any]) -> Response:
    """Reply with ``content``, and ``many`` under ``name``.

    Each of these is written by itself, so that other threads get their turn between.
    """
    warned = query_parameters.warnings(request)
    head = {"request_id": call_context.of(request).request_id, **content}
    head |= {"warnings": warned} if warned else {}
    body = f'{_text(head)[:-1]},"{name}":[{",".join(map(_text, many))}]}}'
    return Response(body.encode(), 200, media_type="application/json")


def _text(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def refuse(request: Request, problem: Problem) -> Response:
    """Return the problem as the caller sees it."""
    call = call_context.of(request)
    body = problem.body(call.request_id, request.url.path, call.language)
    return Response(body, problem.kind.status, media_type=MEDIA_TYPE, headers=dict(problem.headers))


def on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return refuse(request, error)


def on_http(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses."""
    assert isinstance(error, HTTPException)
    code = CODES.get(error.status_code, "internal")
    if code == "not_found" and request.url.path.startswith(MODELS):
        named = request.url.path.removeprefix(MODELS).partition("/")[0]
        code = code if named in TASK_NAMES else "unknown_model"
    headers = {"Allow": _methods(request)} if code == "method_not_allowed" else dict(error.headers or {})
    return refuse(request, Problem(code, ALLOWED[code], headers=headers))


def _methods(request: Request) -> str:
    """All methods of the address: the router names those of the first route that it comes to."""
    path, found = request.scope["path"], set()
    for route in request.app.state.routes:
        if route.path_regex.fullmatch(path):
            found |= route.methods
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))


def on_validation(request: Request, error: Exception) -> Response:
    """Return what the router finds wrong with a parameter, named: ``/query/ref``,
    ``/header/Idempotency-Key``.
    """
    assert isinstance(error, RequestValidationError)
    named = request_bodies.faults(error.errors())
    return refuse(request, Problem("validation_failed", "A parameter does not follow the contract.", named))


def on_storage(request: Request, error: Exception) -> Response:
    """Answer a full disk, a locked or damaged file: the call may succeed later."""
    if type(error) not in STORAGE:
        raise error  # a mistake of our own
    return refuse(request, Problem("storage_unavailable", "Nothing was kept.", headers={"Retry-After": "30"}))


def on_failure(request: Request, _: Exception) -> Response:
    return refuse(request, Problem("internal", "The failure is logged under this request_id."))


def attach(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(sqlite3.DatabaseError, on_storage)
    app.add_exception_handler(Exception, on_failure)
