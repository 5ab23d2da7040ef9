"""ULIDs: identifiers that sort by time and say nothing about anybody."""

import secrets
from datetime import datetime

from models.ulids import encoded


def ulid(now: datetime) -> str:
    """Return 48 bits of milliseconds and 80 random bits, 26 characters.

    >>> from datetime import UTC
    >>> ulid(datetime(2026, 7, 1, tzinfo=UTC))[:10]
    '01KWDFKD00'
    """
    return encoded(int(now.timestamp() * 1000), secrets.randbits(80))
