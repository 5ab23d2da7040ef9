"""Identifiers that sort by time and say nothing about anybody, in the shape of ULIDs."""

import hashlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
LENGTH = 26


def encoded(milliseconds: int, rest: int) -> str:
    """Return 48 bits of time and 80 bits of ``rest``, 26 characters.

    >>> encoded(0, 31)
    '0000000000000000000000000Z'
    """
    number = (milliseconds << 80) | rest
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))


def milliseconds(identifier: str) -> int | None:
    """Return when an identifier was made, in milliseconds since 1970; None where it is none.

    >>> milliseconds(encoded(1_750_000_000_000, 7))
    1750000000000
    """
    if len(identifier) != LENGTH or not set(identifier) <= set(ALPHABET):
        return None
    number = 0
    for letter in identifier:
        number = number << 5 | ALPHABET.index(letter)
    return number >> 80


def of_content(seconds: int, *parts: str) -> str:
    """Return the identifier of something made at ``seconds`` that ``parts`` name: always the same one."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return encoded(seconds * 1000, int.from_bytes(digest[:10]))
