"""Which model serves: gates from a file, aliases in the registry, a log that only grows."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from typing import Any

from models.release_format import CHALLENGER, CHAMPION, FOLDER, PREVIOUS
from training.io import read_json, say
from training.params import Params
from training.registry import tracking
from training.review.gates import release_gates
from training.stages.report import keep, write_index

LOG = "releases.jsonl"


class RefusedError(Exception):
    """A gate is not passed; the message says which and by how much."""


def release(params: Params, name: str, by: str = "pipeline", why: str = "") -> str:
    """Make the newest tracked model the champion, if every gate is passed.

    The former champion becomes ``previous``. A model that is refused stays ``challenger``.
    Every decision is appended to ``experiments/<data>/releases.jsonl``.
    """
    api, registered = tracking.client(), tracking.registered_name(params, name)
    tracked = read_json(params.build / name / "tracked.json")
    version, champion = str(tracked["model_version"]), tracking.holder(registered, CHAMPION)
    if champion == version:
        say(f"{registered}: version {version} is the champion already")
        return version
    api.set_registered_model_alias(registered, CHALLENGER, version)
    copy_serving(params, name)
    gates = release_gates(params, name)
    passed = all(gate["passed"] for gate in gates)
    append(params, _decision(registered, version, "release" if passed else "refuse", by, why, gates))
    if not passed:
        failed = "; ".join(
            f"{g['gate']}: {g['value']} (needs {g['needs']})" for g in gates if not g["passed"]
        )
        raise RefusedError(f"{registered} version {version} is not released: {failed}")
    if champion is not None:
        api.set_registered_model_alias(registered, PREVIOUS, champion)
    api.set_registered_model_alias(registered, CHAMPION, version)
    api.delete_registered_model_alias(registered, CHALLENGER)
    copy_serving(params, name)
    keep(params, name)
    write_index(params)
    say(f"{registered}: version {version} is the champion")
    return version


def rollback(params: Params, name: str, by: str = "pipeline", why: str = "") -> str:
    """Make ``previous`` the champion again."""
    api, registered = tracking.client(), tracking.registered_name(params, name)
    previous, champion = (tracking.holder(registered, alias) for alias in (PREVIOUS, CHAMPION))
    if previous is None:
        raise RefusedError(f"{registered}: there is no previous champion to go back to")
    api.set_registered_model_alias(registered, CHAMPION, previous)
    if champion is not None:
        api.set_registered_model_alias(registered, PREVIOUS, champion)
    append(params, _decision(registered, previous, "rollback", by, why, []))
    copy_serving(params, name)
    say(f"{registered}: version {previous} is the champion again")
    return previous


def copy_serving(params: Params, name: str) -> None:
    """``champion/`` and ``previous/`` of the task as the registry has them, each by one rename."""
    registered = tracking.registered_name(params, name)
    for alias in (CHAMPION, PREVIOUS):
        folder, version = params.build / name / alias, tracking.holder(registered, alias)
        mark = folder / "version"
        if version is None or (mark.exists() and mark.read_text() == version):
            continue
        aside = folder.with_name(f"{alias}.part")
        shutil.rmtree(aside, ignore_errors=True)
        with tracking.logged(registered, version, FOLDER) as found:
            shutil.copytree(found, aside)
        (aside / "version").write_text(version)
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)


def _decision(
    model: str, version: str, decision: str, by: str, why: str, gates: list[dict[str, Any]]
) -> dict[str, Any]:
    return {"model": model, "version": version, "decision": decision, "by": by, "why": why, "gates": gates}


def append(params: Params, decision: dict[str, Any]) -> None:
    """Add a decision to the log, chained to the line before it: an edited line is found later."""
    path = params.results / LOG
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.exists() else []
    before = _digest(lines[-1]) if lines else ""
    row = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **decision, "before": before}
    with path.open("a") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def edited(params: Params) -> list[int]:
    """Numbers of the lines of the log after which the next line's chain breaks; empty if none was edited."""
    path = params.results / LOG
    lines = path.read_text().splitlines() if path.exists() else []
    chain = ["", *map(_digest, lines)]
    return [at for at, line in enumerate(lines) if json.loads(line).get("before") != chain[at]]


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:16]
