"""Whether a call comes from the system that shares a secret with us."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from serving.contract.problems import Problem
from serving.edge import request_bodies, strict_json

HUBSPOT, SFMC = "/v1/adapters/hubspot/action", "/v1/adapters/sfmc"
HOOKS = ("save", "publish", "validate", "stop")
SIGNED = frozenset((HUBSPOT, *(f"{SFMC}/{name}" for name in ("config.json", "execute", *HOOKS))))
HUBSPOT_MILLISECONDS = 300_000  # HubSpot says to refuse what is older than five minutes
SKEW = 60  # seconds that two clocks may differ
LASTS = 86_400  # seconds at most from now to a token's end: one that is kept must not open for ever


def hubspot(
    secret: str, method: str, url: str, body: bytes, signature: str, sent: str, milliseconds: float
) -> None:
    """Raise ``Problem`` unless ``X-HubSpot-Signature-v3`` is right and its time is
    within five minutes of now.
    """
    is_fresh = (
        sent.isascii() and sent.isdigit() and abs(milliseconds - int(sent[:20])) <= HUBSPOT_MILLISECONDS
    )
    signed = method.encode() + url.encode() + body + sent.encode("latin-1", "replace")
    right = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    if not (hmac.compare_digest(right, signature.encode("latin-1", "replace")) and is_fresh):
        raise _refused()


def token(secret: str, text: bytes, seconds: float) -> dict[str, Any]:
    """Return the claims of a JSON web token signed with HS256.

    ``Problem`` where it is not ours or has run out.
    """
    try:
        head, claims, signature = text.split(b".")
        signed, told = _decoded(signature), json.loads(_decoded(head))
        right = hmac.new(secret.encode(), head + b"." + claims, hashlib.sha256).digest()
        is_right = hmac.compare_digest(right, signed) and told.get("alg") == "HS256"
        text = _decoded(claims)
    except (ValueError, AttributeError, RecursionError, binascii.Error):
        raise _refused() from None
    if not is_right:
        raise _refused()
    found = strict_json.content(text)
    request_bodies.once(text)
    if not isinstance(found, dict) or not _is_running(found, seconds):
        raise _refused()
    return found


def _is_running(claims: dict[str, Any], seconds: float) -> bool:
    """Whether a token has begun and not ended (RFC 7519): ``exp`` is a must."""
    ends: Any = claims.get("exp")
    moments = [ends, *(claims[name] for name in ("nbf", "iat") if name in claims)]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in moments):
        return False
    has_begun = all(one - SKEW <= seconds for one in moments[1:])
    return has_begun and seconds - SKEW <= ends <= seconds + LASTS + SKEW


def _decoded(part: bytes) -> bytes:
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _refused() -> Problem:
    return Problem("unauthenticated", "The signature is missing, wrong or too old.")
