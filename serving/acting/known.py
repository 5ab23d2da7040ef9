"""What is known of a subject's consent at the moment of a call about acting."""

from datetime import datetime

from serving.consent.consents import Consents, Facts
from serving.contract.problems import Problem
from serving.contract.schema import Consents as Said


def suppression(
    consents: Consents, kind: str, ref: str, said: Said | None, now: datetime, listed: bool = False
) -> str | None:
    """Return why nobody may act on a profile of the subject now, or None.

    ``Problem`` for a subject that neither the list of consents nor what was published (``listed``) has.
    """
    own: list[Facts] = [] if said is None else [{f"consent_{word}": value for word, value in said}]
    known = consents.known(kind, ref)
    if not known and not listed:
        raise Problem("unknown_ref", "Nothing that was published has such a subject.")
    return consents.suppression((*own, *known), now)
