"""May a subject be scored? One rule for the nightly batch and for every answer of the service.

The policy is the pipeline's (``consent:`` in params.yaml). It is published with the list of current
consents, and the service reads it there: the two cannot disagree.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from features.consent_policy import Policy

WORDS = ("consent_profiling", "consent_marketing")
FACTS = (*WORDS, "deceased", "birth_year")
REASON = "suppression_reason"
KINDS = {"member_id": "member", "lead_id": "lead"}  # whose word counts, by the column that names them
REASONS = (
    "erased", "deceased", "minor",
    "profiling_refused", "profiling_consent_unknown", "do_not_contact", "marketing_consent_unknown",
)  # fmt: skip

NO_LESSON = ("erased", "deceased", "minor", "profiling_refused")  # whose past no model learns from


def suppression(facts: Iterable[Mapping[str, Any]], now: datetime, policy: Policy) -> str | None:
    """Return why a subject is not scored (one of ``REASONS``), or None.

    Parameters
    ----------
    facts
        What each source says (the caller, the list, the record): any of ``FACTS``, and ``erased``.
        The strictest word counts.
    now
        The moment of the call, whatever moment is asked about: age is today's.
    """
    known = list(facts)
    if any(fact.get("erased") for fact in known):
        return "erased"
    if any(fact.get("deceased") for fact in known):
        return "deceased"
    if any(now.year - born <= policy.adult_age for fact in known if (born := fact.get("birth_year"))):
        return "minor"
    for kind, refused in (("profiling", "profiling_refused"), ("marketing", "do_not_contact")):
        said = {fact.get(f"consent_{kind}") for fact in known}
        if "withdrawn" in said:
            return refused
        if "granted" not in said and getattr(policy.unknown, kind) == "suppress":
            return f"{kind}_consent_unknown"
    return None


def reasons(frame: pl.DataFrame, now: datetime, policy: Policy) -> pl.Series:
    """Return ``suppression`` of every row by its columns of ``FACTS``, shape (rows,).

    Null where it is scored.

    The rule itself is asked, once for each combination of facts that occurs. A frame without such
    columns is of subjects of whom the contract has no consent: nobody is suppressed.
    """
    there = [name for name in FACTS if name in frame.columns]
    if not there:
        return pl.Series(REASON, [None] * len(frame), dtype=pl.String)
    kinds = frame.select(there).unique(maintain_order=True)
    found = [suppression([row], now, policy) for row in kinds.iter_rows(named=True)]
    kinds = kinds.with_columns(pl.Series(REASON, found, dtype=pl.String))
    return frame.select(there).join(kinds, on=there, how="left", nulls_equal=True, maintain_order="left")[
        REASON
    ]
