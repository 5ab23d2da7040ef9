"""Whom a reference names: personal data are put under the key at once, accounts are those of their members.

Personal data are taken in bodies and refused in addresses.
"""

from collections.abc import Mapping
from typing import Any

from features.consent import KINDS
from features.personal_keys import Kind, pseudonym, secret

MARKS: dict[str, Kind] = {"email:": "email", "phone:": "phone"}


class Bound:
    """Which member an account on a platform is of, as the list of consents has it; one brand a process."""

    accounts: Mapping[str, str] = {}

    @classmethod
    def member_of(cls, ref: str) -> str:
        """Return the member of ``platform:id``; any other id as it is."""
        return cls.accounts.get(ref, ref)


def reference(ref: str) -> str:
    """Return the pseudonymous id of ``email:…`` or ``phone:+…``, as ingest made it, and the member of
    an account; others as they are.

    Raises
    ------
    ValueError
        No key, no address, no number with its country; nothing of what was sent is repeated.
    """
    kind = next((kind for mark, kind in MARKS.items() if ref.startswith(mark)), None)
    if kind is None:
        return Bound.member_of(ref)
    bare = ref.partition(":")[2]
    if kind == "phone" and not bare.strip().startswith(("+", "00")):
        raise ValueError("a phone number is to begin with + and its country")
    found = pseudonym(kind, bare, secret())
    if found is None:
        raise ValueError(f"no {'e-mail address' if kind == 'email' else 'phone number'} behind {kind}:")
    return Bound.member_of(found)


def put_under_key(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an item as it may be kept: personal references in it as pseudonymous ids.

    Of one that is none, or for which there is no key, the mark alone is left: it is refused when its turn
    comes, and nothing personal waits until then.
    """
    found = dict(entry)
    if "ref" in found:
        found["ref"] = _kept(found["ref"])
    if isinstance(record := found.get("record"), dict):
        found["record"] = {name: _rows(rows) for name, rows in record.items()}
    return found


def _rows(rows: Any) -> Any:
    return [_row(row) for row in rows] if isinstance(rows, list) else rows


def _row(row: Any) -> Any:
    named = [name for name in KINDS if name in row] if isinstance(row, dict) else []
    return row | {name: _kept(row[name]) for name in named} if named else row


def _kept(ref: Any) -> Any:
    mark = next((mark for mark in MARKS if isinstance(ref, str) and ref.startswith(mark)), None)
    if mark is None:
        return Bound.member_of(ref) if isinstance(ref, str) else ref
    try:
        return reference(ref)
    except ValueError:
        return mark


def impersonal(ref: str) -> str:
    """Refuse personal data where they would stand in an address, and so in logs; else whom it names."""
    if ref.startswith(tuple(MARKS)):
        raise ValueError("personal data do not belong into an address: send it in a body (POST)")
    return Bound.member_of(ref)
