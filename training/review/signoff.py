"""Signatures under a report: who decided what about a model, tied to the report's data by hash.

They are kept in ``experiments/signoff.yaml``, in git, and are only ever added to. A signature
holds for the report whose hash it names: another report voids it.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features import unique_yaml
from features.replacing import replacing
from models import approval
from training.params import Params

FILE = Path("experiments/signoff.yaml")
HEAD = "# Signatures under the reports, written by `memberlens sign` and reviewed like code.\n"
Role = Literal["developer", "validator", "owner", "compliance"]
Decision = Literal["approve", "approve_with_conditions", "reject"]
ROLES: tuple[str, ...] = get_args(Role)
DECISIONS: tuple[str, ...] = get_args(Decision)
DAYS = 365  # an approval that names no end holds for a year


class Signature(BaseModel):
    """One decision of one role about one report.

    ``report`` is the SHA-256 of ``report.json``; the approval lasts from ``signed`` to ``expires``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    decision: Decision
    by: str = Field(min_length=1)
    conditions: tuple[str, ...] = ()
    signed: date
    expires: date
    report: str = Field(pattern=r"^[0-9a-f]{64}$")


def sign(
    params: Params,
    task: str,
    role: str,
    decision: str,
    by: str,
    conditions: Iterable[str] = (),
    today: date | None = None,
    expires: date | None = None,
) -> Signature:
    """Add a signature under the task's present report.

    Raises
    ------
    ValueError
        Where role or decision is unknown, conditions do not fit the decision, or the end has passed.
    FileNotFoundError
        Where there is no report to sign.
    """
    conditions, today = tuple(conditions), today or date.today()
    expires = expires or today + timedelta(days=DAYS)
    _require(role in ROLES, f"role {role!r}: allowed are {ROLES}")
    _require(decision in DECISIONS, f"decision {decision!r}: allowed are {DECISIONS}")
    needs = decision == "approve_with_conditions"
    _require(bool(conditions) == needs, f"decision {decision!r}: found {len(conditions)} conditions")
    _require(expires >= today, f"expires {expires}: lies before {today}")
    found = Signature.model_validate(
        {
            "role": role, "decision": decision, "by": by, "conditions": conditions,
            "signed": today, "expires": expires, "report": digest(params, task),
        }
    )  # fmt: skip
    _write(params, task, (*signatures(params, task), found))
    return found


def signatures(params: Params, task: str) -> tuple[Signature, ...]:
    """Every signature under reports of the task, the oldest first."""
    try:
        return tuple(Signature.model_validate(row) for row in _read().get(_name(params, task), []))
    except ValidationError as error:
        raise ValueError(f"{FILE}: {_name(params, task)}: {error.errors()[0]['msg']}") from None


def unsigned(params: Params, task: str, roles: Iterable[str], today: date) -> list[str]:
    """For each of ``roles`` why its approval of the present report is missing; empty if none is."""
    report, latest = digest(params, task), {str(row.role): row for row in signatures(params, task)}
    return [f"{role}: {why}" for role in roles if (why := _missing(latest.get(role), report, today))]


def rejected(params: Params, task: str) -> list[str]:
    """Who rejects the present report and has not taken it back, with the role; empty if nobody."""
    return [f"{row['by']} ({row['role']})" for row in _held(params, task) if row["decision"] == "reject"]


def signed_twice(params: Params, task: str) -> list[str]:
    """Names under more than one role of the present report, each with its roles; empty if there is none."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _held(params, task):  # spaces and capitals make nobody another person
        found.setdefault(" ".join(row["by"].casefold().split()), []).append(row)
    return [
        f"{own[0]['by']} as {' and '.join(row['role'] for row in own)}"
        for own in found.values()
        if len(own) > 1
    ]


def _held(params: Params, task: str) -> list[dict[str, Any]]:
    return approval.holding(rows(params, task), digest(params, task))


def rows(params: Params, task: str) -> list[dict[str, Any]]:
    """``signatures`` as plain data, as pages and the service read them."""
    return [row.model_dump(mode="json") for row in signatures(params, task)]


def _missing(found: Signature | None, report: str, today: date) -> str | None:
    if found is None:
        return "not signed"
    if found.report != report:
        return "signed another report"
    if found.decision == "reject":
        return f"rejected by {found.by}"
    return f"expired on {found.expires}" if found.expires < today else None


def digest(params: Params, task: str) -> str:
    """SHA-256 of the task's ``report.json``."""
    path = params.results / task / "report.json"
    if not path.exists():
        raise FileNotFoundError(f"{path}: not found; there is no report to sign")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _require(met: bool, message: str) -> None:
    if not met:
        raise ValueError(f"sign: {message}")


def _name(params: Params, task: str) -> str:
    return f"{params.data}/{task}"


def _read() -> dict[str, Any]:
    return (unique_yaml.read(FILE) or {}) if FILE.exists() else {}


def _write(params: Params, task: str, rows: tuple[Signature, ...]) -> None:
    content = _read() | {_name(params, task): [row.model_dump(mode="json") for row in rows]}
    with replacing(FILE) as aside:
        aside.write_text(HEAD + yaml.safe_dump(content, allow_unicode=True, sort_keys=True))
