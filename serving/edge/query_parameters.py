"""Query parameters as a whole: one that no route reads is said, one that stands twice is refused."""

from collections import Counter
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import QueryParams

from serving.contract.problems import NAME, Fault, Problem, pointer

MOST = 20


def once(query: bytes) -> None:
    """Raise ``Problem`` where a name stands twice: every reader keeps another of the two."""
    counts = Counter(name for name, _ in QueryParams(query).multi_items())
    if twice := sorted(name for name, count in counts.items() if count > 1)[:MOST]:
        places = [pointer("query", name if NAME.fullmatch(name) else "?") for name in twice]
        faults = [Fault(place, "duplicate_key", "stands twice") for place in places]
        raise Problem("validation_failed", "A parameter stands twice.", faults)


def warnings(request: Request) -> list[dict[str, Any]]:
    """Return a warning that names what was not read: a mistyped name would change nothing silently.

    What does not look like a name is told as ``?``.
    """
    if not request.scope.get("query_string"):
        return []
    route = request.scope.get("route")
    known = _known(route) if isinstance(route, APIRoute) else frozenset()
    names = {name if NAME.fullmatch(name) else "?" for name in request.query_params if name not in known}
    return [{"code": "unknown_parameter", "parameters": sorted(names)[:MOST]}] if names else []


def _known(route: APIRoute) -> frozenset[str]:
    """Names of the query parameters of a route, those of a model of parameters one by one."""
    found: set[str] = set()
    for field in route.dependant.query_params:
        kind = field.field_info.annotation
        is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
        found |= set(kind.model_fields) if is_model else {field.alias}  # type: ignore[union-attr]
    return frozenset(found)
