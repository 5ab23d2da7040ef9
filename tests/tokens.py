"""Signed tokens as Marketing Cloud sends them."""

import base64
import hashlib
import hmac
import json
from time import time
from typing import Any


def jwt(claims: Any, secret: str = "shared", algorithm: str = "HS256") -> bytes:
    """A web token of ``claims``, which end in a minute where they do not say, or of bytes in their place."""

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    if isinstance(claims, dict):
        claims = {"exp": time() + 60} | claims
    told = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    head = part(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + b"." + part(told)
    return head + b"." + part(hmac.new(secret.encode(), head, hashlib.sha256).digest())
