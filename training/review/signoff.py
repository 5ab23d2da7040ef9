"""Signatures under a report or plan: who decided what about it, tied to its data by hash.

They are kept in ``experiments/signoff.yaml``, in git, and are only ever added to. A signature
holds for the report whose hash it names: another report voids it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field

from features import unique_yaml
from features.replacing import replacing
from features.section import At, validated
from features.yaml_lines import Place, lines_of
from models import approval
from models.approval import SignatureRow
from training.params import Params

FILE = Path("experiments/signoff.yaml")
HEAD = "# Signatures under the reports, written by `memberlens sign` and reviewed like code.\n"
ReportRole = Literal["developer", "validator", "owner", "compliance"]
PlanRole = Literal["manager", "budget", "protection"]
Role = ReportRole | PlanRole
Decision = Literal["approve", "approve_with_conditions", "reject"]
ROLES: tuple[str, ...] = get_args(ReportRole)  # of a model's report
PLAN_ROLES: tuple[str, ...] = get_args(PlanRole)
DECISIONS: tuple[str, ...] = get_args(Decision)
DAYS = 365  # an approval that names no end holds for a year


class Signature(BaseModel):
    """One decision of one role about one report or plan.

    ``report`` is the SHA-256 of ``report.json`` or of ``plan.json``; the approval lasts from ``signed`` to
    ``expires``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    decision: Decision
    by: str = Field(min_length=1)
    conditions: tuple[str, ...] = ()
    signed: date
    expires: date
    report: str = Field(pattern=r"^[0-9a-f]{64}$")

    def as_row(self) -> SignatureRow:
        """Return it as plain data, days in ISO 8601."""
        return cast(SignatureRow, self.model_dump(mode="json"))


@dataclass(frozen=True)
class Document:
    """What is signed: its name among the signatures, the file whose hash they name, and who may sign."""

    name: str
    path: Path
    roles: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the file; ``FileNotFoundError`` where there is none."""
        if not self.path.exists():
            raise FileNotFoundError(f"{self.path}: not found; there is no report to sign")
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Every signature, the oldest first."""
        found, at = _read()
        rows = found.get(self.name) or []
        if not isinstance(rows, list):
            raise ValueError(
                f"{at(self.name)}: allowed is a list of signatures, as `memberlens sign` writes it"
            )
        return tuple(validated(Signature, row, partial(at, self.name, nr)) for nr, row in enumerate(rows))

    @property
    def rows(self) -> list[SignatureRow]:
        """``signatures`` as plain data, as pages and the service read them."""
        return [row.as_row() for row in self.signatures]

    def sign(
        self, role: str, decision: str, by: str, conditions: Iterable[str] = (), today: date | None = None,
        expires: date | None = None,
    ) -> Signature:  # fmt: skip
        """Add a signature under the file as it is; errors as of the function ``sign``."""
        conditions, today = tuple(conditions), today or date.today()
        expires = expires or today + timedelta(days=DAYS)
        _require(role in self.roles, f"role {role!r}: allowed are {self.roles}")
        _require(decision in DECISIONS, f"decision {decision!r}: allowed are {DECISIONS}")
        needs = decision == "approve_with_conditions"
        _require(bool(conditions) == needs, f"decision {decision!r}: found {len(conditions)} conditions")
        _require(expires >= today, f"--expires {expires}: allowed is {today} (today) or a later day")
        _require(bool(by.strip()), f"by {by!r}: allowed is the name of who signs")
        found = Signature.model_validate(
            {
                "role": role, "decision": decision, "by": by, "conditions": conditions,
                "signed": today, "expires": expires, "report": self.digest,
            }
        )  # fmt: skip
        _write(self.name, [*self.rows, found.as_row()])
        return found


def report_of(params: Params, task: str) -> Document:
    """Return the task's report."""
    return Document(f"{params.data}/{task}", params.results / task / "report.json", ROLES)


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
    return report_of(params, task).sign(role, decision, by, conditions, today, expires)


def signatures(params: Params, task: str) -> tuple[Signature, ...]:
    """Return every signature under reports of the task, the oldest first."""
    return report_of(params, task).signatures


def unsigned(params: Params, task: str, roles: Iterable[str], today: date) -> list[str]:
    """Return for each of ``roles`` why its approval of the present report is missing; empty if none is."""
    report = report_of(params, task)
    return [str(lack) for lack in approval.lacking(report.rows, report.digest, roles, today)]


def rejected(params: Params, task: str) -> list[str]:
    """Return who rejects the present report and has not taken it back, with the role; empty if nobody."""
    report = report_of(params, task)
    held = approval.holding(report.rows, report.digest)
    return [f"{row['by']} ({row['role']})" for row in held if row["decision"] == "reject"]


def signed_twice(params: Params, task: str) -> list[str]:
    """Return names under more than one role of the present report, each with its roles.

    Empty if there is none.
    """
    report = report_of(params, task)
    return approval.twice(report.rows, report.digest)


def rows(params: Params, task: str) -> list[SignatureRow]:
    """Return ``signatures`` as plain data, as pages and the service read them."""
    return report_of(params, task).rows


def digest(params: Params, task: str) -> str:
    """Return SHA-256 of the task's ``report.json``."""
    return report_of(params, task).digest


def _require(met: bool, message: str) -> None:
    if not met:
        raise ValueError(f"sign: {message}")


def _read() -> tuple[dict[str, Any], At]:
    """What is signed by name, and where each stands."""
    if not FILE.exists():
        return {}, Place(FILE, {}).at
    found, place = unique_yaml.read(FILE) or {}, lines_of(FILE.read_text(encoding="utf-8"), FILE)
    if not isinstance(found, dict):
        raise ValueError(f"{place.at()}: allowed is a mapping from reports and plans to their signatures")
    return found, place.at


def _write(name: str, rows: list[SignatureRow]) -> None:
    content = _read()[0] | {name: rows}
    with replacing(FILE) as aside:
        aside.write_text(HEAD + yaml.safe_dump(content, allow_unicode=True, sort_keys=True))
