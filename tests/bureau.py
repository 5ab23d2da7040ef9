"""A desk whose worker plans audiences, and what the pipeline's code makes of the same offers."""

import json
from pathlib import Path
from typing import Any

import acting_published
import polars as pl
from desk import Desk
from released import AS_OF, MEMBERS, Brand

from models.acting import brief, draft
from serving.audience_worker import Planning
from serving.ledger.audience_store import Audiences
from serving.state import State

ASKED = {"name": "summer", "budget": 4.0, "hold_out": 0.2, "explore": 0.1, "blind": True}


class Bureau(Desk):
    """A desk with a worker that plans when it is told to."""

    def __init__(self, brand: Brand, state: State, home: Path) -> None:
        super().__init__(brand, state, home)
        self.audiences = Audiences(self.jobs.database)
        self.planning = Planning(self.state, self.audiences)

    def plan(self, mark: str = "one", **asked: Any) -> dict[str, Any]:
        made = self.post("audiences", asked, **{"Idempotency-Key": mark})["audience"]
        while self.planning.step():
            pass
        return self.client.get(made["links"]["self"]).json()["audience"]

    def members(self, made: dict[str, Any], limit: int = 7, **query: Any) -> list[dict[str, Any]]:
        found, cursor = [], 0
        while cursor is not None:
            asked = {"cursor": cursor, "limit": limit} | query
            page = self.client.get(made["links"]["members"], params=asked).json()
            found += page["members"]
            cursor = page["next_cursor"]
        return found


def expected(**asked: Any) -> tuple[pl.DataFrame, dict[str, Any]]:
    """What the pipeline's code makes of the same offers."""
    own = draft.PlanRequest(**asked)
    made = draft.drafted(acting_published.offers(MEMBERS, AS_OF), own)
    return draft.listed(made), json.loads(json.dumps(brief.facts(own, made)))
