"""References that are personal data: taken in bodies, put under the key at once, refused in addresses."""

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


def impersonal(ref: str) -> str:
    """Refuse personal data where they would stand in an address, and so in logs."""
    if ref.startswith(tuple(MARKS)):
        raise ValueError("personal data do not belong into an address: send it in a body (POST)")
    return ref
