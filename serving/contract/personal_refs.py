"""References that are personal data: taken in bodies, put under the key at once, refused in addresses."""

from typing import Any

from features.consent import KINDS
from features.personal_keys import Kind, pseudonym, secret

MARKS: dict[str, Kind] = {"email:": "email", "phone:": "phone"}


def reference(ref: str) -> str:
    """Return the pseudonymous id of ``email:…`` or ``phone:+…``, as ingest made it; others as they are.

    Raises
    ------
    ValueError
        No key, no address, no number with its country; nothing of what was sent is repeated.
    """
    kind = next((kind for mark, kind in MARKS.items() if ref.startswith(mark)), None)
    if kind is None:
        return ref
    bare = ref.partition(":")[2]
    if kind == "phone" and not bare.strip().startswith(("+", "00")):
        raise ValueError("a phone number is to begin with + and its country")
    found = pseudonym(kind, bare, secret())
    if found is None:
        raise ValueError(f"no {'e-mail address' if kind == 'email' else 'phone number'} behind {kind}:")
    return found


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
        return ref
    try:
        return reference(ref)
    except ValueError:
        return mark


def impersonal(ref: str) -> str:
    """Refuse personal data where they would stand in an address, and so in logs."""
    if ref.startswith(tuple(MARKS)):
        raise ValueError("personal data do not belong into an address: send it in a body (POST)")
    return ref
