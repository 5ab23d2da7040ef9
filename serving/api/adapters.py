"""Thin routes for systems that sign their calls and cannot send a key: HubSpot, Marketing Cloud."""

from typing import Any

from fastapi import APIRouter, Request, Response

from serving.api.responses import reply
from serving.api.routes_scores import noted
from serving.contract.flat_answers import flat
from serving.contract.problems import Problem
from serving.contract.schema_items import ITEMS
from serving.edge import call_context, request_bodies, signatures, strict_json
from serving.edge.rate_limits import Buckets
from serving.edge.signatures import HOOKS, HUBSPOT, SFMC
from serving.settings import Adapters
from serving.state import State

FIELDS = ("ref", "campaign_id", "record_id")


def router(state: State, secrets: Adapters, buckets: Buckets) -> APIRouter:
    """Return the routes of the adapters.

    They answer 404 for a system whose secret is not set. Only signed calls use up a system's quota.
    """
    routes = APIRouter(include_in_schema=False)
    _hubspot(routes, state, secrets, buckets)
    _config(routes, secrets)
    _execute(routes, state, secrets, buckets)
    for name in HOOKS:
        _agreed(routes, state, secrets, buckets, name)
    return routes


def _hubspot(routes: APIRouter, state: State, secrets: Adapters, buckets: Buckets) -> None:
    @routes.post(HUBSPOT)
    async def action(request: Request) -> Response:
        """A workflow's custom action: flat fields come back as ``outputFields``."""
        secret, body = _set(secrets.hubspot_secret), await request.body()
        given = request.headers
        signatures.hubspot(
            secret,
            request.method,
            f"{secrets.public_url}{request.url.path}"
            + (f"?{request.url.query}" if request.url.query else ""),
            body,
            given.get("x-hubspot-signature-v3", ""),
            given.get("x-hubspot-request-timestamp", ""),
            state.now().timestamp() * 1000,
        )
        _known(request, "hubspot", buckets)
        request_bodies.once(body)
        fields = _object(_object(strict_json.content(body)).get("inputFields"))
        return reply(request, {"outputFields": await _scored(request, state, fields)})


def _config(routes: APIRouter, secrets: Adapters) -> None:
    @routes.get(f"{SFMC}/config.json")
    async def config(request: Request) -> Response:
        """What Journey Builder reads of the custom activity."""
        _set(secrets.sfmc_secret)
        return reply(request, sfmc_config(secrets.public_url))


def _execute(routes: APIRouter, state: State, secrets: Adapters, buckets: Buckets) -> None:
    @routes.post(f"{SFMC}/execute")
    async def execute(request: Request) -> Response:
        """One contact of a journey: flat fields, named as the activity's ``outArguments``."""
        claims = await _claims(request, state, secrets, buckets)
        fields: dict[str, Any] = {}
        for part in _list(claims.get("inArguments")):
            fields |= _object(part)
        return reply(request, await _scored(request, state, fields))


def _agreed(routes: APIRouter, state: State, secrets: Adapters, buckets: Buckets, name: str) -> None:
    @routes.post(f"{SFMC}/{name}", name=name)
    async def agreed(request: Request) -> Response:
        """Journey Builder asks whether the activity may be saved, published, stopped: nothing is kept."""
        await _claims(request, state, secrets, buckets)
        return reply(request, {"success": True})


async def _claims(request: Request, state: State, secrets: Adapters, buckets: Buckets) -> dict[str, Any]:
    secret = _set(secrets.sfmc_secret)
    found = signatures.token(secret, (await request.body()).strip(), state.now().timestamp())
    _known(request, "sfmc", buckets)
    return found


def _known(request: Request, client: str, buckets: Buckets) -> None:
    """Note who calls, now that the signature says it; ``Problem`` where the system's quota is used up."""
    call = call_context.of(request)
    call.client = client
    call.headers |= buckets.take(client)


async def _scored(request: Request, state: State, fields: dict[str, Any]) -> dict[str, Any]:
    """The flat answer to flat fields: ``model``, ``ref``, ``campaign_id``, ``record_id``, ``language``."""
    task, call = fields.get("model"), call_context.of(request)
    if not isinstance(task, str) or task not in ITEMS:
        raise Problem("unknown_model", f"The field model must be one of {', '.join(ITEMS)}.")
    champion = state.champion(task)
    call.model = f"{champion.task}/{champion.version}"
    asking = {name: fields[name] for name in FIELDS if fields.get(name) not in (None, "")}
    asking["options"] = {"language": fields.get("language") or call.language}
    item = request_bodies.validated(ITEMS[task], asking)
    found = await state.answer(champion, item)
    noted(state, champion, request, [item], [found])
    return flat(champion.name, found)


def sfmc_config(url: str) -> dict[str, Any]:
    """Return the custom activity for Journey Builder, its addresses below ``url``."""
    told = [{name: {"dataType": kind, "isNullable": True, "direction": "out"}} for name, kind in OUT.items()]
    asked = {"inArguments": [{"model": "churn", "ref": "{{Contact.Key}}"}], "outArguments": []}
    hooks = {name: {"url": f"{url}{SFMC}/{name}", "useJwt": True} for name in HOOKS}
    tries = {"timeout": 10_000, "retryCount": 3, "retryDelay": 1_000}
    execute = {"url": f"{url}{SFMC}/execute", "useJwt": True} | tries
    return {
        "workflowApiVersion": "1.1",
        "type": "REST",
        "metaData": {"icon": "", "category": "custom"},
        "lang": {"en-US": {"name": "memberlens score", "description": "Scores a contact"}},
        "arguments": {"execute": {**asked, **execute}},
        "configurationArguments": hooks,
        "schema": {"arguments": {"execute": {"inArguments": [], "outArguments": told}}},
    }


OUT = {"status": "Text", "probability": "Number", "score": "Number", "band": "Text", "band_text": "Text",
       "recommended": "Boolean", "score_id": "Text", "reason_1": "Text"}  # fmt: skip


def _set(secret: str | None) -> str:
    if not secret:
        raise Problem("not_found", "This adapter is not set up.")
    return secret


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Problem("validation_failed", "inArguments must be a list of JSON objects.")
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Problem("validation_failed", "Fields must be a JSON object.")
    return value
