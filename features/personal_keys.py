"""Ids made of personal data: e-mail addresses and phone numbers under a secret key, the same everywhere.

HMAC-SHA256 (RFC 2104) of what is written in one way: a plain digest of a phone number is found by trying
all numbers, one under a key is not. Whoever has the key can make an id again and nobody else can.
"""

import hashlib
import hmac
import os
import re
from typing import Literal

import polars as pl

Kind = Literal["email", "phone", "text"]
KINDS: tuple[Kind, ...] = ("email", "phone", "text")
VARIABLE = "MEMBERLENS_ID_KEY"
SHORTEST = 32  # characters of a key
LENGTH = 32  # hexadecimal digits of an id: 128 bits, so that a billion people share none
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
DIGITS = (7, 15)  # of a phone number with its country (ITU-T E.164 allows 15)
NATIONAL = 10  # digits at least behind a calling code, for a number that begins with it to have it


def secret() -> bytes:
    """Take the key from the environment.

    Raises
    ------
    ValueError
        No key, or one that is too short.
    """
    key = os.environ.get(VARIABLE, "")
    if len(key) < SHORTEST:
        found = f"has {len(key)} characters" if key else "is not set"
        raise ValueError(
            f"`hash` needs a secret key in the environment variable {VARIABLE}, which {found}; allowed are "
            f"{SHORTEST} characters or more (make one once with `openssl rand -hex 32`, and keep it)"
        )
    return key.encode()


def normal(kind: Kind, text: str, country: str | None = None) -> str | None:
    """Write personal data in one way; ``None`` where it is none of its kind.

    Parameters
    ----------
    country
        Calling code of phone numbers that name none.

    Examples
    --------
    >>> normal("email", " Ann@X.Example ")
    'ann@x.example'
    >>> normal("phone", "0170 123-4567", "49"), normal("phone", "+49 (170) 1234567")
    ('491701234567', '491701234567')
    """
    bare = text.strip()
    if kind == "email":
        return bare.lower() if EMAIL.fullmatch(bare) else None
    return _phone(bare, country) if kind == "phone" else bare or None


def _phone(text: str, country: str | None) -> str | None:
    """Digits with the country in front."""
    if re.search(r"[^\d\s()+./\-\u2010-\u2015]", text):
        return None
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    if text.lstrip("( ").startswith("+"):
        found = digits
    elif digits.startswith("00"):
        found = digits[2:]
    elif country and not (digits.startswith(country) and len(digits) - len(country) >= NATIONAL):
        found = country + digits.removeprefix("0")
    else:
        found = digits
    return found if DIGITS[0] <= len(found) <= DIGITS[1] else None


def pseudonym(kind: Kind, text: str, key: bytes, country: str | None = None) -> str | None:
    """Make the id of one e-mail address, phone number or other text; ``None`` where it is none."""
    bare = normal(kind, text, country)
    if bare is None:
        return None
    return hmac.new(key, f"{kind}:{bare}".encode(), hashlib.sha256).hexdigest()[:LENGTH]


def pseudonyms(text: pl.Expr, kind: Kind, country: str | None = None) -> pl.Expr:
    """Make ids of a column; cells that are none of their kind become null.

    Raises
    ------
    ValueError
        See ``secret``.
    """
    key = secret()

    def made(cells: pl.Series) -> pl.Series:
        each = cells.drop_nulls().unique()
        ids = [pseudonym(kind, cell, key, country) for cell in each]
        return cells.replace_strict(
            each, pl.Series(ids, dtype=pl.String), return_dtype=pl.String, default=None
        )

    return text.map_batches(made, return_dtype=pl.String, is_elementwise=True)


def mark() -> str:
    """Tell keys apart without telling one: a digest of a fixed word, empty where no key is set."""
    if not os.environ.get(VARIABLE):
        return ""
    return hmac.new(secret(), b"which key", hashlib.sha256).hexdigest()[:8]
