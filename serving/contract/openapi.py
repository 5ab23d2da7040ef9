"""The OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.contract import forms
from serving.contract.flat_answers import FlatScored
from serving.contract.openapi_details import carried
from serving.contract.problems import KINDS, MEDIA_TYPE
from serving.contract.schema import Bulk, Portrait
from serving.contract.schema_acting import Holdout, HoldoutAnswer, NextAction, NextActionAnswer
from serving.contract.schema_answers import RankedAnswer, Scored, ScoredMany
from serving.contract.schema_audiences import Audience, AudienceAnswer, AudiencePage
from serving.contract.schema_consent import ConsentWords, Erase, Erased, Heard
from serving.contract.schema_items import ITEMS
from serving.contract.schema_jobs import Job
from serving.contract.schema_log import LoggedAnswer
from serving.contract.schema_lookup import BODIES as LOOKUPS
from serving.contract.schema_outcomes import Outcomes
from serving.contract.schema_ranking import Ranking
from serving.contract.schema_replies import JobAnswer, JobPage, Kept, ModelCard, Models, PortraitAnswer, Ready

REF = "#/components/schemas/"
BODIES = (
    *(*ITEMS.values(), *LOOKUPS.values(), Bulk, Ranking),
    *(Job, Outcomes, Portrait, ConsentWords, Erase),
    *(NextAction, Holdout, Audience),
)
ANSWERS = (
    *(Scored, ScoredMany, RankedAnswer, FlatScored, LoggedAnswer),
    *(JobAnswer, JobPage, Kept, ModelCard, Models, PortraitAnswer, Ready, Heard, Erased),
    *(NextActionAnswer, HoldoutAnswer, AudienceAnswer, AudiencePage),
)
ALWAYS = (401, 404, 405, 408, 413, 421, 429, 500, 503, 504)  # a body may come anywhere
WITH_SCOPE = (403, 422)
WITH_BODY = (400, 415)
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "the key is the password"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "request_id", "code", "retryable"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "instance", "request_id")},
        "status": {"type": "integer"},
        "code": {"enum": sorted(KINDS)},
        "retryable": {"type": "boolean"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}


def route(
    gives: type[BaseModel],
    takes: type[BaseModel] | None = None,
    status: int = 200,
    *also: int,
    lines: bool = False,
    scope: str | None = None,
) -> dict[str, Any]:
    """Return what a route says about its body and its answers.

    ``also`` are further statuses of its own; ``scope`` is what a key needs to call it. A body that is not
    among ``BODIES`` or an answer that is not among ``ANSWERS``, of which the document is made, is an error.
    """
    for model, known, name in ((gives, ANSWERS, "ANSWERS"), (takes, BODIES, "BODIES")):
        if model is not None and model not in known:
            raise ValueError(f"{model.__name__}: not in {__name__}.{name}, so the document would lack it")
    said: dict[str, Any] = {
        "responses": {str(status): {"description": (gives.__doc__ or "").strip(), **_json(gives)}}
        | {str(code): _problem(code) for code in (*ALWAYS, *WITH_SCOPE, *(WITH_BODY if takes else ()), *also)}
    }
    if takes is not None:
        content = _json(takes)["content"]
        if lines:
            content |= {"application/x-ndjson": {"schema": {"type": "string"}}}
        said["requestBody"] = {"required": True, "content": content}
    if scope is not None:
        said["security"] = [{name: [scope]} for name in SCHEMES]
    return said


def tabular(gives: type[BaseModel], media: Mapping[str, str], scope: str) -> dict[str, Any]:
    """Return a route that tells rows as JSON, or as a table in one of the other ``media`` types."""
    said = route(gives, scope=scope)
    table = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    content = said["responses"]["200"]["content"]
    content |= {kind: dict(table) for name, kind in media.items() if name != "json"}
    return said


def lookup(scope: str, takes: type[BaseModel] | None = None) -> dict[str, Any]:
    """Return the route that may answer flat, and by GET that nothing has changed."""
    said = route(Scored, takes, scope=scope)
    both = {"oneOf": [{"$ref": REF + "Scored"}, {"$ref": REF + "FlatScored"}]}
    said["responses"]["200"]["content"]["application/json"]["schema"] = both
    if takes is None:
        said["responses"]["304"] = {"description": "Nothing has changed since the ETag that was sent."}
    return said


def readiness() -> dict[str, Any]:
    """Return the route that everybody may ask, and that says the same where it is not ready."""
    said: dict[str, Any] = route(Ready) | {"security": []}
    said["responses"]["503"]["content"] |= _json(Ready)["content"]
    return said


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": REF + model.__name__}}}}


def _problem(status: int) -> dict[str, Any]:
    described = "; ".join(kind.en for kind in KINDS.values() if kind.status == status)
    return {"description": described, "content": {MEDIA_TYPE: {"schema": {"$ref": REF + "Problem"}}}}


def _task(path: str) -> str:
    """The task that a path is about; empty where it is about none."""
    parts = path.split("/")
    return parts[3] if parts[:3] == ["", "v1", "models"] and len(parts) > 3 else ""


def document(app: FastAPI, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document, made once; of the tasks in ``without`` it tells nothing."""
    if app.openapi_schema is None or getattr(app.state, "without", without) != without:
        app.state.without = without
        found = get_openapi(title=app.title, version=app.version, routes=app.routes)
        found["paths"] = {path: said for path, said in found["paths"].items() if _task(path) not in without}
        bodies = [(model, "validation") for model in BODIES]
        answers = [(model, "serialization") for model in ANSWERS]
        _, made = models_json_schema([*bodies, *answers], ref_template=REF + "{model}")  # type: ignore[list-item]
        schemas = forms.named(forms.without_defaults(made["$defs"]), REF) | {"Problem": PROBLEM}
        schemas = forms.without_words(schemas, without)
        for operation in (operation for path in found["paths"].values() for operation in path.values()):
            operation["responses"]["422"] = _problem(422)  # not the framework's own
        found["components"] = {"schemas": schemas, "securitySchemes": SCHEMES}
        found["security"] = [{name: []} for name in SCHEMES]
        app.openapi_schema = carried(found, [model.__name__ for model in ANSWERS])
    return app.openapi_schema
