"""Answers: the same for one item, for five hundred and for a job."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from models.few_rows import Features, some
from models.phrases import catalogue
from models.population import OUTSIDE
from models.reasons import COLUMNS
from models.scorer import ELSEWHERE, INSUFFICIENT, OK, withheld
from serving.answering import clock, inputs
from serving.answering.experiment_arm import arm
from serving.answering.ids import ulid
from serving.answering.inputs import LocatedItem
from serving.champion.champion import Champion
from serving.champion.record_checks import unknown_attributes
from serving.consent.consents import Consents
from serving.contract.problem_words import spoken
from serving.contract.problems import Problem
from serving.contract.schema import Item
from serving.settings import Settings
from serving.tasks import ACTED

Answer = dict[str, Any]
Lines = list[dict[str, Any]]
Scored = tuple[dict[str, Any], Lines, Lines]  # numbers, reasons, warnings
STATUSES = (OK, INSUFFICIENT, ELSEWHERE, "suppressed", "error")
ALL_SUPPRESSED = "all_suppressed"


def answer(champion: Champion, item: Item, settings: Settings, now: datetime, consents: Consents) -> Answer:
    """Answer one item; ``Problem`` where there is no answer."""
    return given(outcomes(champion, [item], settings, now, consents)[0])


def given(outcome: Answer | Problem) -> Answer:
    """Return the answer; raise the ``Problem`` that stands in its place."""
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def at_once(
    champion: Champion, item: Item, settings: Settings, now: datetime, consents: Consents
) -> Answer | None:
    """Return the answer for an item that needs no computing, None where it does.

    ``Problem`` where there is none.

    What was published of the very question, and who may not be scored.
    """
    if item.ref is None or champion.published is None:
        return None
    found = _located(champion, item, now, consents)
    if isinstance(found, LocatedItem):
        is_known = found.at is not None and champion.published.has(found.at)
        return _scored(champion, [found], settings, now)[0] if is_known else None
    return given(found)


def answers(
    champion: Champion,
    items: Sequence[Item | Problem],
    settings: Settings,
    now: datetime,
    consents: Consents,
) -> list[Answer]:
    """Return an answer for each item, in their order; a problem of one is no problem of the others."""
    found = outcomes(champion, items, settings, now, consents)
    return [
        {"record_id": item.record_id, "status": "error", "error": _error(one, _language(item))}
        if isinstance(one, Problem)
        else one
        for item, one in zip(items, found, strict=True)
    ]


def outcomes(
    champion: Champion,
    items: Sequence[Item | Problem],
    settings: Settings,
    now: datetime,
    consents: Consents,
) -> list[Answer | Problem]:
    """Return what becomes of each item, in their order: its answer, or why there is none."""
    found = [_located(champion, item, now, consents) for item in items]
    scored = iter(_scored(champion, [one for one in found if isinstance(one, LocatedItem)], settings, now))
    return [next(scored) if isinstance(one, LocatedItem) else one for one in found]


def _located(
    champion: Champion, item: Item | Problem, now: datetime, consents: Consents
) -> LocatedItem | Answer | Problem:
    """Where an item's inputs come from, or what is said instead."""
    if isinstance(item, Problem):
        return item
    try:
        asked = inputs.locate(champion, item, now, consents)
    except Problem as problem:
        return problem
    reason = consents.suppression(asked.known, now)
    if reason is None:
        return asked
    return _without(item, "suppressed", {"suppression_reason": reason}, asked.as_of, now)


def summary(found: Sequence[Answer]) -> dict[str, Any]:
    """Return how many answers of each status, and a warning where all who are asked about are suppressed."""
    counts = {word: sum(one["status"] == word for one in found) for word in STATUSES}
    silent = counts["suppressed"] and counts["suppressed"] + counts[ELSEWHERE] == len(found)
    return counts | ({"warning": ALL_SUPPRESSED} if silent else {})


def _language(item: Item | Problem) -> str:
    return item.language if isinstance(item, Problem) else item.options.spoken


def _error(problem: Problem, language: str) -> dict[str, Any]:
    return {
        "code": problem.code,
        "status": problem.kind.status,
        "retryable": problem.kind.retryable,
        "detail": spoken(problem.detail, language),
        "errors": [fault.to_dict(language) for fault in problem.errors],
    }


def _without(item: Item, status: str, why: Mapping[str, Any], as_of: int, now: datetime) -> Answer:
    """An answer without a number."""
    return {
        "record_id": item.record_id,
        "status": status,
        **why,
        "score_id": ulid(now),
        "scored_at": iso(now),
        "features_as_of": iso(datetime.fromtimestamp(as_of, UTC)),
    }


def _scored(
    champion: Champion, asked: Sequence[LocatedItem], settings: Settings, now: datetime
) -> list[Answer]:
    top = [_top(one, settings) for one in asked]
    ready = champion.published
    later = [at for at, one in enumerate(asked) if one.at is None or ready is None or not ready.has(one.at)]
    missing = set(later)
    computed = iter(_computed(champion, [asked[at] for at in later], max(top, default=0)))
    found = [
        next(computed) if at in missing or ready is None or one.at is None else ready.row(one.at, count)
        for at, (one, count) in enumerate(zip(asked, top, strict=True))
    ]
    return [
        _told(champion, one, scored, count, settings, now)
        for one, scored, count in zip(asked, found, top, strict=True)
    ]


def _top(one: LocatedItem, settings: Settings) -> int:
    wanted = one.item.options.reasons
    return settings.reasons if wanted is None else wanted


def _computed(champion: Champion, asked: Sequence[LocatedItem], top: int) -> list[Scored]:
    """Numbers of those whom the task is about, and of records that say nothing at all."""
    if not asked:
        return []
    features = inputs.features(champion, asked)
    reasons = champion.scorer.model.outside(features)
    found: list[Scored] = [({"status": ELSEWHERE, OUTSIDE: reason}, [], []) for reason in reasons]
    bare = [inputs.is_bare(champion, one) for one in asked]
    within = [at for at, reason in enumerate(reasons) if reason is None or bare[at]]
    if within:
        rows = features if len(within) == len(features) else some(features, within)
        for at, scored in zip(within, _computed_of(champion, rows, top), strict=True):
            found[at] = scored
    return found


def _computed_of(champion: Champion, features: Features, top: int) -> list[Scored]:
    read = champion.scorer.model.inputs(features)
    numbers, lines = champion.scorer.score_with_reasons(features, top, read)
    rows = [dict(zip(numbers, row, strict=True)) for row in zip(*map(_plain, numbers.values()), strict=True)]
    reasons: list[Lines] = [[] for _ in rows]
    for line in lines:
        reasons[line[0]].append(dict(zip(COLUMNS, line, strict=True)))
    doubts = champion.input_warnings.of(features, read)
    return [(row, reasons[at], doubts.get(at, [])) for at, row in enumerate(rows)]


def _plain(column: np.ndarray | list[str]) -> list[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else column


def _told(
    champion: Champion, one: LocatedItem, scored: Scored, top: int, settings: Settings, now: datetime
) -> Answer:
    numbers, reasons, doubts = scored
    warnings = [*doubts, *_warnings(champion, one, settings, now)]
    nothing = any(warning["code"] == "nothing_known" for warning in warnings)
    if numbers["status"] == ELSEWHERE and not (nothing and "probability" in numbers):
        why = _elsewhere(champion, numbers[OUTSIDE], one.item.options.spoken)
        return _without(one.item, ELSEWHERE, why, one.as_of, now)
    assert math.isfinite(numbers["probability"])
    if numbers["status"] != OK or nothing:
        numbers = withheld(numbers)
    rate, language = champion.rates.get(numbers["band"]), one.item.options.spoken
    return {
        "record_id": one.item.record_id,
        "status": numbers["status"],
        "score_id": ulid(now),
        "probability": round(numbers["probability"], 6),
        "percentile": _rounded(numbers["percentile"], 2),
        "percentile_as_of": champion.scorer.population.as_of,
        "score": numbers["score"],
        "band": numbers["band"],
        "band_text": champion.band_texts[language].get(numbers["band"]),
        "band_expected_rate": _rounded(rate),
        **_more(champion, numbers),
        "recommended": numbers["band"] in settings.recommended.get(champion.task, ACTED[champion.task])
        and not clock.is_over(champion, one, settings, now),
        "experiment_arm": arm(settings.experiment, champion.task, subject(champion, one.item)),
        "reasons": [_reason(reason, language) for reason in reasons[:top]],
        **({} if reasons or top < 1 else {"reasons_text": catalogue()["none"][language]}),
        "warnings": warnings,
        "scored_at": iso(now),
        "features_as_of": iso(datetime.fromtimestamp(one.as_of, UTC)),
        "valid_until": iso(clock.valid_until(champion, one, settings, now)),
    }


def _elsewhere(champion: Champion, code: str, language: str) -> dict[str, Any]:
    """Why the task is not about a subject, as a code and in words."""
    words = {line["code"]: line[language] for line in champion.card["boundaries"]}
    return {OUTSIDE: code, "outside_text": words[code]}


def _more(champion: Champion, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Money and uplift, where the model has them; null where they are not known for this subject."""
    found = {name: _rounded(numbers[name]) for name in champion.scorer.optional_outputs}
    worth = champion.scorer.worth
    return found if worth is None else found | {"currency": worth.currency}


def _rounded(value: float | None, places: int = 6) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, places)


def _reason(reason: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "code": reason["code"],
        "direction": reason["direction"],
        "text": reason[language],
        "feature_group": reason["group"],
        "contribution": round(reason["contribution"], 6),
    }


def subject(champion: Champion, item: Item) -> str | None:
    """Name whom an item is about; None for a record whose rows name nobody."""
    if item.record is None:
        return item.ref
    rows = (row for name in champion.reader.sources for row in getattr(item.record, name))
    return next((found for row in rows if (found := getattr(row, champion.reader.key, None))), None)


def _warnings(champion: Champion, one: LocatedItem, settings: Settings, now: datetime) -> Lines:
    found: Lines = []
    if one.question is None and clock.of_data(champion, settings):
        found.append({"code": "clock_of_data"})
    if one.question is None and one.item.as_of is not None:
        found.append({"code": "as_of_ignored"})
    sent = (one.item.record, getattr(one.item, "campaign", None))
    if foreign := unknown_attributes(champion.reader, *sent):
        found.append({"code": "unknown_attribute", "attributes": foreign})
    if one.question is None:
        stale = clock.is_over(champion, one, settings, now)
        return [*found, {"code": "stale_snapshot"}] if stale else found
    if one.as_of > now.timestamp() + 1:
        found.append({"code": "as_of_ahead"})
    return [*found, {"code": "nothing_known"}] if inputs.is_empty(champion, one) else found


def iso(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
