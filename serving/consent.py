"""Whether a subject may be scored at all; asked before any feature is looked at."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from serving.settings import Settings


def suppression(facts: Iterable[Mapping[str, Any]], now: datetime, settings: Settings) -> str | None:
    """Why a subject is not scored, or None.

    Parameters
    ----------
    facts
        What is known from each source (the caller, the snapshot, the record): ``consent_profiling``,
        ``consent_marketing``, ``deceased``, ``birth_year``. The strictest word counts.
    now
        The moment of the call, whatever moment is asked about: age is today's.
    """
    known = list(facts)
    if any(fact.get("deceased") for fact in known):
        return "deceased"
    if any(now.year - born <= settings.adult_age for fact in known if (born := fact.get("birth_year"))):
        return "minor"
    for kind, reason in (("profiling", "profiling_refused"), ("marketing", "do_not_contact")):
        said = {fact.get(f"consent_{kind}") for fact in known}
        if "withdrawn" in said:
            return reason
        if "granted" not in said and getattr(settings.unknown_consent, kind) == "suppress":
            return f"{kind}_consent_unknown"
    return None
