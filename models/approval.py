"""What people decided about a report, in one word: the same for its page, the release and the service."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

Word = Literal["rejected", "conditions", "approved", "unsigned"]
TOLD = ("role", "decision", "by", "conditions", "signed", "expires")


def holding(rows: Iterable[Mapping[str, Any]], report: str) -> list[dict[str, Any]]:
    """The newest decision of each role under the report with this hash; ``rows`` are the oldest first.

    Examples
    --------
    >>> row = {"role": "owner", "by": "A", "conditions": [], "signed": "2026-07-01", "expires": "2027-07-01"}
    >>> rows = [row | {"decision": "approve", "report": "x"}, row | {"decision": "reject", "report": "x"}]
    >>> [found["decision"] for found in holding(rows, "x")], holding(rows, "y")
    (['reject'], [])
    """
    latest = {row["role"]: {key: row[key] for key in TOLD} for row in rows if row["report"] == report}
    return list(latest.values())


def word(rows: Iterable[Mapping[str, Any]], today: date | None = None) -> Word:
    """One word for what ``holding`` found; an approval that has ended by ``today`` counts no more.

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
