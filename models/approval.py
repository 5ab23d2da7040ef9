"""What people decided about a report or plan: the same for its page, the release and the service."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from typing_extensions import TypedDict

Word = Literal["rejected", "conditions", "approved", "unsigned"]
Why = Literal["unsigned", "another", "rejected", "expired"]
SAID = {
    "unsigned": "not signed", "another": "signed another report", "rejected": "rejected by {}",
    "expired": "expired on {}",
}  # fmt: skip
TOLD: tuple[Literal["role", "decision", "by", "conditions", "signed", "expires"], ...] = (
    "role", "decision", "by", "conditions", "signed", "expires",
)  # fmt: skip


class DecisionRow(TypedDict):
    """What one role decided, as pages and the service tell it; days in ISO 8601."""

    role: str
    decision: str  # approve, approve_with_conditions or reject
    by: str
    conditions: list[str]
    signed: str
    expires: str


class SignatureRow(DecisionRow):
    """A decision with the SHA-256 of the report or plan that it is about: a row of ``signatures.json``."""

    report: str


def holding(rows: Iterable[SignatureRow], report: str) -> list[DecisionRow]:
    """Return the newest decision of each role under the report with this hash; ``rows`` are the oldest first.

    Examples
    --------
    >>> row = {"role": "owner", "by": "A", "conditions": [], "signed": "2026-07-01", "expires": "2027-07-01"}
    >>> rows = [row | {"decision": "approve", "report": "x"}, row | {"decision": "reject", "report": "x"}]
    >>> [found["decision"] for found in holding(rows, "x")], holding(rows, "y")
    (['reject'], [])
    """
    latest = {row["role"]: row for row in rows if row["report"] == report}
    return [cast(DecisionRow, {key: row[key] for key in TOLD}) for row in latest.values()]


def word(rows: Iterable[DecisionRow], today: date | None = None) -> Word:
    """Sum up in a word what ``holding`` found; an approval that has ended by ``today`` counts no more.

    A rejection outweighs every approval and does not end.
    """
    there = list(rows)
    if any(row["decision"] == "reject" for row in there):
        return "rejected"
    lasting = [row for row in there if today is None or date.fromisoformat(row["expires"]) >= today]
    if not lasting:
        return "unsigned"
    with_conditions = any(row["decision"] == "approve_with_conditions" for row in lasting)
    return "conditions" if with_conditions else "approved"


@dataclass(frozen=True)
class Shortfall:
    """An approval that is asked for and is not there: whose, why, and who rejected or when it ended."""

    role: str
    why: Why
    detail: str = ""

    def __str__(self) -> str:
        """Return it in English."""
        return f"{self.role}: {SAID[self.why].format(self.detail)}"


def lacking(rows: Iterable[SignatureRow], report: str, roles: Iterable[str], today: date) -> list[Shortfall]:
    """Return which of ``roles`` has not approved the report with this hash; ``rows`` are the oldest first.

    Examples
    --------
    >>> [str(lack) for lack in lacking([], "x", ["owner"], date(2026, 7, 1))]
    ['owner: not signed']
    """
    latest = {str(row["role"]): row for row in rows}
    found = (_lack(role, latest.get(role), report, today) for role in roles)
    return [lack for lack in found if lack is not None]


def _lack(role: str, row: SignatureRow | None, report: str, today: date) -> Shortfall | None:
    if row is None:
        return Shortfall(role, "unsigned")
    if row["report"] != report:
        return Shortfall(role, "another")
    if row["decision"] == "reject":
        return Shortfall(role, "rejected", str(row["by"]))
    return Shortfall(role, "expired", row["expires"]) if date.fromisoformat(row["expires"]) < today else None


def twice(rows: Iterable[SignatureRow], report: str) -> list[str]:
    """Return names under more than one role of the report with this hash, each with its roles."""
    found: dict[str, list[DecisionRow]] = {}
    for row in holding(rows, report):  # spaces and capitals make nobody another person
        found.setdefault(" ".join(row["by"].casefold().split()), []).append(row)
    return [
        f"{own[0]['by']} as {' and '.join(row['role'] for row in own)}"
        for own in found.values()
        if len(own) > 1
    ]
