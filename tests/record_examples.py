"""Record the example answers of the OpenAPI document: ``PYTHONPATH=. python tests/record_examples.py``.

The requests stand in ``serving/contract/examples.json``; the answers are those of the small brand of the
tests, under the ids that the simulated brand has.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from fastapi.testclient import TestClient
from released import AS_OF, build, client_of, jobs_of

from serving.audience_worker import Planning
from serving.contract.openapi_details import EXAMPLES
from serving.ledger.audience_store import Audiences
from serving.state import State
from serving.worker import Work

OURS = {"m000013": "m5", "l000026": "l5", "c000128": "c1", "c000108": "c2"}  # in the small brand of the tests


def ask(client: TestClient, operation: tuple[str, str], example: dict[str, Any], own: dict[str, str]) -> Any:
    """The answer to an example's request, its ids those of the small brand."""
    method, path = operation
    for name, value in example.get("path", {}).items():
        path = path.replace("{" + name + "}", own.get(name, value))
    asking = {"params": example.get("query"), "json": example.get("body"), "headers": example.get("headers")}
    text = json.dumps(asking)
    for there, here in OURS.items():
        text = text.replace(f'"{there}"', f'"{here}"')
    return client.request(method.upper(), path, **json.loads(text))


def operations(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Method and path by operation."""
    return {
        said["operationId"]: (method, path)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
    }


def service(home: Path) -> tuple[TestClient, dict[str, str]]:
    """A client of a service with all that the examples ask about; ids of a job that has ended and a score."""
    state = State(build(home).settings)
    state.load()
    _portray(state.settings.build_dir / "portrait")
    jobs = jobs_of(state.settings)
    client = client_of(state, jobs)
    body, mark = {"model": "churn", "items": [{"ref": "m5"}]}, {"Idempotency-Key": "of the examples"}
    job = client.post("/v1/jobs", json=body, headers=mark).json()["job"]["id"]
    while Work(state, jobs).step():
        pass
    given = client.post("/v1/models/churn/score", json={"ref": "m5"}).json()["result"]["score_id"]
    asked, mark = {"name": "examples", "blind": True}, {"Idempotency-Key": "audience of the examples"}
    audience = client.post("/v1/audiences", json=asked, headers=mark).json()["audience"]["id"]
    while Planning(state, Audiences(jobs.database)).step():
        pass
    return client, {"job": job, "score_id": given, "audience": audience}


def _portray(folder: Path) -> None:
    folder.mkdir()
    tags = {"member_id": "m5", "as_of": AS_OF, "stage": "active", "value_tier": "gold", "rhythm": "monthly",
            "risk": "low", "category": "skin_care", "orders": 7, "revenue_cents": 214_000}  # fmt: skip
    pl.DataFrame([tags]).write_parquet(folder / "portrait.parquet")


def record(home: Path) -> None:
    """Ask for every example again and keep the answers."""
    (client, own), examples = service(home), json.loads(EXAMPLES.read_text())
    there = operations(client.get("/v1/openapi.json").json())
    for name, example in examples.items():
        answer = ask(client, there[name], example, own)
        assert answer.status_code < 300, f"{name}: {answer.text}"
        text = json.dumps(shortened(answer.json()))
        for theirs, ours in OURS.items():
            text = text.replace(f'"{ours}"', f'"{theirs}"')
        example["answer"] = json.loads(text)
    EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n")


def shortened(value: Any, most: int = 3) -> Any:
    """Long lists and long objects of alike entries by their beginning."""
    if isinstance(value, list):
        return [shortened(entry, most) for entry in value[:most]]
    return {key: shortened(entry, most) for key, entry in value.items()} if isinstance(value, dict) else value


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder))
