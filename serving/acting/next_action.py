"""What is due for one member or lead now, in the caller's language."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from models.acting.documents import SceneFacts, ScenesFacts
from models.acting.reason_words import why
from models.acting.scenes import ACT, CARE_OWED, HELD_OUT, SUPPRESSED, Answer, answer
from serving.acting import known
from serving.acting.published import Scenes
from serving.consent.consents import Consents
from serving.contract.schema_acting import NextAction
from serving.settings import Settings

OUT_OF_DATE = "out_of_date"


def next_action(
    scenes: Scenes, consents: Consents, settings: Settings, body: NextAction, language: str, now: datetime
) -> dict[str, Any]:
    """Return the most urgent scene that the rules and the consents allow now, or nothing and why."""
    rows, told = scenes.rows(body.kind, body.ref), scenes.facts
    suppressed = known.suppression(consents, body.kind, body.ref, body.consent, now, listed=bool(rows))
    made = datetime.fromisoformat(told["as_of"])
    until = made + timedelta(days=settings.stale_days)
    is_over = settings.clock.get(settings.data) != "data" and now > until
    found = Answer(None, OUT_OF_DATE) if is_over else _chosen(rows, suppressed)
    return {
        "status": SUPPRESSED if suppressed is not None else "ok",
        **_done(found, _by_name(told), language),
        "reason": {"code": found.reason, "text": _said(found.reason, suppressed, language)},
        "suppression_reason": suppressed,
        "as_of": made.isoformat(),
        "valid_until": until.isoformat(),
    }


def _chosen(rows: list[dict[str, Any]], suppressed: str | None) -> Answer:
    """Who came after the night's batch was not looked at yet."""
    return answer(rows or [{"state": SUPPRESSED, "of_service": False}], suppressed)


def _said(reason: str, suppressed: str | None, language: str) -> str:
    return why(suppressed if reason == SUPPRESSED and suppressed is not None else reason, language)


def _done(found: Answer, scenes: Mapping[str, SceneFacts], language: str) -> dict[str, Any]:
    """Action, scene, option, channel and facts; of who is held out the scene alone."""
    row = found.row
    acts = found.reason in (ACT, CARE_OWED)
    if row is None:
        empty = dict.fromkeys(("scene", "option", "channel", "owner"))
        return {"action": "nothing", **empty, "held_out": False, "why": []}
    scene = scenes[str(row["scene"])]
    words: Mapping[str, object] = scene
    does = "care" if scene["care"] or row["option"] is None else "contact"
    return {
        "action": does if acts else "nothing",
        "scene": {"name": row["scene"], "text": words[language]},
        "option": row["option"] if acts else None,
        "channel": row["channel"] if acts else None,
        "owner": scene["owner"] if acts else None,
        "held_out": found.reason == HELD_OUT,
        "why": row[f"why_{language}"],
    }


def _by_name(told: ScenesFacts) -> dict[str, SceneFacts]:
    return {scene["name"]: scene for scene in told["scenes"]}
