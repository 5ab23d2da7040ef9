"""A service with a store of its own, and the CRM that tells it about consent."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from released import AS_OF, Brand, client_of, jobs_of

from features.consent_policy import Policy
from serving.settings import Settings
from serving.state import State
from serving.worker import Work
from training.io import sha256, write_json

LATER = datetime.fromtimestamp(AS_OF, UTC) + timedelta(days=400)


class Desk:
    """A service with a store of its own over the tiny brand, and the CRM that tells it things."""

    def __init__(self, brand: Brand, state: State, home: Path) -> None:
        settings = Settings.model_validate(brand.settings.model_dump() | {"state": home / "state"})
        self.state, self.jobs = State(settings, champions=state.champions), jobs_of(settings)
        self.client, self.work = client_of(self.state), Work(self.state, self.jobs)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        answer = self.client.post(f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def score(self, task: str, item: dict[str, Any], what: str = "score") -> tuple[str, str | None]:
        found = self.post(f"models/{task}/{what}", item)["result"]
        assert (found["status"] == "ok") == ("probability" in found)
        return found["status"], found.get("suppression_reason")

    def tell(self, ref: str, kind: str = "member", **more: Any) -> dict[str, int]:
        return self.post("members/consent", {"consents": [{"ref": ref, "kind": kind} | more]})

    def job(self, body: dict[str, Any]) -> Callable[[], list[dict[str, Any]]]:
        made = self.post("jobs", body, **{"Idempotency-Key": json.dumps(body)[:100]})["job"]
        while self.work.step():
            pass
        self.made = made["id"]
        return lambda: self.client.get(f"/v1/jobs/{made['id']}/results", params={"limit": 1000}).json()[
            "results"
        ]


def publish(
    folder: Path,
    rows: pl.DataFrame,
    moment: datetime,
    policy: Policy | None = None,
    accounts: dict[str, str] | None = None,
) -> Path:
    """A list of consents as the pipeline writes it; ``accounts`` are whose an account is."""
    folder.mkdir(parents=True)
    rows.write_parquet(folder / "consent.parquet")
    facts = {
        "as_of": int(moment.timestamp()) + 10**9,
        "rows": len(rows),
        "policy": (policy or Policy()).model_dump(),
        "sha256": sha256(folder / "consent.parquet"),
    }
    if accounts is not None:
        bound = pl.DataFrame({"account": list(accounts), "member_id": list(accounts.values())})
        bound.write_parquet(folder / "accounts.parquet")
        facts["accounts_sha256"] = sha256(folder / "accounts.parquet")
    write_json(folder / "consent.json", facts)
    return folder
