"""ULIDs: identifiers that sort by time and say nothing about anybody."""

import secrets
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


def ulid(now: datetime) -> str:
    """48 bits of milliseconds and 80 random bits, 26 characters.

    >>> from datetime import UTC
    >>> ulid(datetime(2026, 7, 1, tzinfo=UTC))[:10]
    '01KWDFKD00'
    """
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))
