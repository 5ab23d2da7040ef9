"""Scores of one subject and of many."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from models.population import OUTSIDE
from models.scorer import OK
from serving.answering import answers
from serving.api.responses import reply, reply_many
from serving.champion.champion import Champion
from serving.contract import openapi
from serving.contract.problems import Problem
from serving.contract.schema import MAX_ITEMS, Bulk
from serving.contract.schema_answers import RankedAnswer, Scored, ScoredMany
from serving.contract.schema_items import ITEMS
from serving.contract.schema_ranking import Ranking
from serving.edge import call_context, request_bodies
from serving.state import State
from serving.tasks import ABOUT_CONTENT, TASK_NAMES


def router(state: State) -> APIRouter:
    """Return routes that answer with scores."""
    routes = APIRouter()
    for task in TASK_NAMES:
        _score(routes, state, task)
        _scores(routes, state, task)
    for task in ABOUT_CONTENT:
        _rank(routes, state, task)
    return routes


def _score(routes: APIRouter, state: State, task: str) -> None:
    said = openapi.route(Scored, ITEMS[task], scope="score:read")

    @routes.post(f"/v1/models/{task}/score", openapi_extra=said, summary="Score one subject")
    async def score(request: Request) -> Response:
        champion = champion_for(state, task, request, "score:read")
        item = await request_bodies.body(request, ITEMS[task])
        found = await state.answer(champion, item)
        return scored_response(state, champion, request, [item], [found], {"result": found})


def _scores(routes: APIRouter, state: State, task: str) -> None:
    said = openapi.route(ScoredMany, Bulk, scope="scores:batch")

    @routes.post(f"/v1/models/{task}/scores", openapi_extra=said, summary="Score up to 500 subjects")
    async def scores(request: Request) -> Response:
        champion = champion_for(state, task, request, "scores:batch")
        request_bodies.require_json(request)
        return await state.run_bulk(_bulk, state, champion, request, await request.body())


def _bulk(state: State, champion: Champion, request: Request, raw: bytes) -> Response:
    """All of it in a thread, reading and writing too: the others' calls go on meanwhile."""
    bulk, call = request_bodies.read(raw, Bulk), call_context.of(request)
    if len(bulk.items) > MAX_ITEMS:
        raise Problem("too_many_records", f"At most {MAX_ITEMS} items in one call.")
    spoken = [request_bodies.in_language(entry, call.language) for entry in bulk.items]
    items = [request_bodies.parse_item(entry, at, champion.task) for at, entry in enumerate(spoken)]
    found = answers.answers(champion, items, state.settings, state.now(), state.consents)
    summary = answers.summary(found)
    if "warning" in summary:
        state.metrics.silent.labels(champion.task).inc()
    noted(state, champion, request, items, found)
    return reply_many(request, {"model": champion.name, "summary": summary}, "results", found)


def _rank(routes: APIRouter, state: State, task: str) -> None:
    said = openapi.route(RankedAnswer, Ranking, scope="score:read")

    @routes.post(f"/v1/models/{task}/rank", openapi_extra=said, summary="Which of these campaigns, if any")
    async def rank(request: Request) -> Response:
        champion = champion_for(state, task, request, "score:read")
        ranking = await request_bodies.body(request, Ranking)
        found = await state.run(ranked, champion, ranking, state)
        items = ranking.items()
        items = [items[one["campaign"]] for one in found["ranked"]]
        return scored_response(state, champion, request, items, found["ranked"], {"result": found})


def ranked(champion: Champion, ranking: Ranking, state: State) -> dict[str, Any]:
    """Return the member's answers, best first, and which of them is worth a message.

    Ordered by uplift where the model has one: a message to somebody who would answer anyway is lost.
    One whose uplift is not above zero is never the choice.
    """
    found = answers.answers(champion, ranking.items(), state.settings, state.now(), state.consents)
    for at, (campaign, one) in enumerate(zip(ranking.campaigns, found, strict=True)):
        one |= {"campaign": at, "campaign_id": campaign.campaign_id}
    by = "probability" if champion.scorer.uplift is None else "uplift"
    found.sort(key=lambda one: -_standing(one, by))  # stable: equal ones as they came
    least = champion.card["base_rate"] if ranking.at_least is None else ranking.at_least
    worthy = (one["campaign"] for one in found if _standing(one, "probability") >= least and one[by] > 0)
    told = {"choice": next(worthy, None), "at_least": round(least, 6), "by": by}
    return {"record_id": ranking.record_id, **_status(found), **told, "ranked": found}


def _status(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What the list as a whole is; the best one stands first, so nobody comes after one without a number."""
    first = found[0]
    return {key: first[key] for key in ("status", "suppression_reason", OUTSIDE) if key in first}


def _standing(one: Mapping[str, Any], by: str) -> float:
    """Where an answer stands; below all others where there is nothing to act on."""
    return float(one[by]) if one["status"] == OK else -math.inf


def champion_for(state: State, task: str, request: Request, scope: str) -> Champion:
    """Return the champion that a call is about, if the caller may ask it."""
    call = call_context.of(request)
    call.require(scope)
    champion = state.champion(task)
    call.model = f"{champion.task}/{champion.version}"
    call.headers["X-Model-Version"] = champion.version
    return champion


def scored_response(
    state: State,
    champion: Champion,
    request: Request,
    items: Sequence[Any],
    found: list[dict[str, Any]],
    content: Mapping[str, Any],
) -> Response:
    """Return the answers to ``items`` in their envelope, counted and logged."""
    noted(state, champion, request, items, found)
    return reply(request, {"model": champion.name, **content})


def noted(
    state: State, champion: Champion, request: Request, items: Sequence[Any], found: list[dict[str, Any]]
) -> None:
    """Count and log the answers to ``items``."""
    client = call_context.of(request).client
    state.metrics.answered(champion.name, client, found)
    state.score_log.note(champion, client, items, found)
