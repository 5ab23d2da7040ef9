"""The log of releases and of signed plans: it only grows, and whoever changes it is found.

Each line has a hash over its content and over the hash of the line before; the newest hash is a tag of
the model version that the line is about; a line about a plan has no version and is held by the next that
has one. An edited line breaks its own hash, a chain that was written
anew as a whole, or a line that was cut off at the end, no longer fits the tags. The file is kept in
git, too: it is the record of who released what, and the registry may be another machine's.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from training.data.artifacts import Json
from training.params import Params
from training.registry import tracking
from training.results.report_verdict import Gate

LOG = "releases.jsonl"
TAG = "release_log.head"  # of a model version: the hash of the newest line about it
HASH, BEFORE = "hash", "before"


# Expected over observed before and after, of how many rows and events, and the factor between them.
LevelMove = TypedDict(
    "LevelMove", {"rows": int, "positives": int, "was": float, "is": float, "factor": float}
)


class Decision(TypedDict):
    """What became of a version, who decided it and why; what the gates said, or how far its level moved."""

    decision: Literal["release", "refuse", "rollback", "rebase"]
    by: str
    why: str
    gates: NotRequired[list[Gate]]
    level: NotRequired[LevelMove]


def append(params: Params, model: str, version: str, decision: Decision) -> None:
    """Add a decision about a version, chained to the line before it, and tag the version with its hash."""
    tracking.tag(model, version, TAG, _add(params, {"model": model, "version": version, **decision}))


def append_plan(params: Params, name: str, decision: Mapping[str, object]) -> None:
    """Add a decision about a plan, chained to the line before it."""
    _add(params, {"plan": name, **decision})


def _add(params: Params, decision: Mapping[str, object]) -> str:
    """Write a line and return its hash."""
    path = _path(params)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = read(params)
    row: dict[str, object] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **decision}
    row[BEFORE] = rows[-1].get(HASH, "") if rows else ""
    row[HASH] = _hash(row)
    with path.open("a") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return str(row[HASH])


def read(params: Params) -> list[Json]:
    """Return every decision, the oldest first."""
    path = _path(params)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def faults(params: Params) -> list[str]:
    """Return what was changed in the log, one sentence each; empty where it is as it was written.

    ``ConnectionError`` where the registry, which has the other half of the proof, cannot be asked.
    """
    try:
        rows = read(params)
    except json.JSONDecodeError as error:
        return [f"log of releases: a line is no JSON ({error.msg})"]
    return [*_chain(rows), *_anchors(params, rows)]


def _chain(rows: list[Json]) -> Iterator[str]:
    before = ""
    for number, row in enumerate(rows, 1):
        if row.get(HASH) != _hash(row):
            yield f"log of releases, line {number}: was edited, it does not have the hash that it names"
        if row.get(BEFORE) != before:
            yield f"log of releases, line {number}: does not follow from the line before"
        before = str(row.get(HASH, ""))


def _anchors(params: Params, rows: list[Json]) -> Iterator[str]:
    """Where the tags of the versions that the registry has and the newest lines about them differ."""
    newest = {
        (str(row.get("model")), str(row.get("version"))): str(row.get(HASH))
        for row in rows
        if "plan" not in row
    }
    models = {tracking.registered_name(params, task) for task in params.tasks} | {name for name, _ in newest}
    for model in sorted(models):
        for version, tags in tracking.versions(model):
            tagged, found = tags.get(TAG), newest.get((model, version))
            if tagged != found:
                yield (
                    f"log of releases: the newest line about {model} version {version} has the hash "
                    f"{_short(found)}, the registry says {_short(tagged)}"
                )


def _short(found: str | None) -> str:
    return "none" if found is None else found[:12]


def _hash(row: Mapping[str, object]) -> str:
    content = {key: value for key, value in row.items() if key != HASH}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _path(params: Params) -> Path:
    return params.results / LOG
