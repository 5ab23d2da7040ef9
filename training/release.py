"""Which model serves: gates from a file, aliases in the registry, a log that only grows."""

import json
from datetime import UTC, datetime
from typing import Any

from training import tracking
from training.files import read_json, say
from training.gates import check_gates
from training.params import Params

LOG = "releases.jsonl"


class RefusedError(Exception):
    """A gate is not passed; the message says which and by how much."""


def release(params: Params, name: str, by: str = "pipeline") -> str:
    """Make the newest tracked model the champion, if every gate is passed.

    The former champion becomes ``previous``. A model that is refused stays ``challenger``.
    Every decision is appended to ``experiments/<data>/releases.jsonl``.
    """
    api, registered = tracking.client(), tracking.registered_name(params, name)
    tracked = read_json(params.build / name / "tracked.json")
    version, champion = str(tracked["model_version"]), tracking.holder(api, registered, "champion")
    if champion == version:
        say(f"{registered}: version {version} is the champion already")
        return version
    api.set_registered_model_alias(registered, "challenger", version)
    gates = check_gates(params, name)
    passed = all(gate["passed"] for gate in gates)
    _append(
        params,
        {
            "model": registered,
            "version": version,
            "decision": "release" if passed else "refuse",
            "by": by,
            "gates": gates,
        },
    )
    if not passed:
        failed = "; ".join(
            f"{g['gate']}: {g['value']} (needs {g['needs']})" for g in gates if not g["passed"]
        )
        raise RefusedError(f"{registered} version {version} is not released: {failed}")
    if champion is not None:
        api.set_registered_model_alias(registered, "previous", champion)
    api.set_registered_model_alias(registered, "champion", version)
    api.delete_registered_model_alias(registered, "challenger")
    say(f"{registered}: version {version} is the champion")
    return version


def rollback(params: Params, name: str, by: str = "pipeline") -> str:
    """Make ``previous`` the champion again."""
    api, registered = tracking.client(), tracking.registered_name(params, name)
    previous, champion = (tracking.holder(api, registered, alias) for alias in ("previous", "champion"))
    if previous is None:
        raise RefusedError(f"{registered}: there is no previous champion to go back to")
    api.set_registered_model_alias(registered, "champion", previous)
    if champion is not None:
        api.set_registered_model_alias(registered, "previous", champion)
    _append(params, {"model": registered, "version": previous, "decision": "rollback", "by": by, "gates": []})
    say(f"{registered}: version {previous} is the champion again")
    return previous


def _append(params: Params, decision: dict[str, Any]) -> None:
    path = params.results / LOG
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {"at": datetime.now(UTC).isoformat(timespec="seconds")} | decision
    with path.open("a") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
