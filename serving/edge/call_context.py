"""One call: who makes it, how it is marked, what it may do."""

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from fastapi import Request

from serving.contract.problems import Problem
from serving.edge import header_values, languages

PLACE = "memberlens.call"
MARK = re.compile(r"[A-Za-z0-9_-]{1,64}")
TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

# What proxies add; a caller on this machine has none of it.
FORWARDED = frozenset(("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"))


@dataclass
class Call:
    """What is known of a call beside its body.

    ``headers`` go out with the answer, whatever it is.
    """

    request_id: str
    language: str
    trace: str | None
    key: str | None
    forwarded: bool
    host: str = ""
    started: float = field(default_factory=perf_counter)
    client: str = "-"
    scopes: frozenset[str] = frozenset()
    inside: bool = False  # may see what only the operator should
    headers: dict[str, str] = field(default_factory=dict)
    model: str = "-"

    @classmethod
    def of(cls, scope: dict[str, Any]) -> "Call":
        """Read the request's headers; a caller's own marks are taken over where they are plain."""
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        mark, trace = given.get("x-request-id", ""), given.get("traceparent", "")
        call = cls(
            request_id=mark if MARK.fullmatch(mark) else secrets.token_hex(8),
            language=languages.preferred(header_values.listed(scope["headers"], b"accept-language")),
            trace=trace if TRACE.fullmatch(trace) else None,
            key=_key(given),
            forwarded=any(name in FORWARDED or name.startswith("x-forwarded") for name in given),
            host=_host(given.get("host", "")),
        )
        call.headers["X-Request-ID"] = call.request_id
        if call.trace:
            call.headers["traceparent"] = call.trace
        return call

    def require(self, scope: str) -> None:
        """Raise ``Problem`` unless the caller's key has ``scope``."""
        if scope not in self.scopes:
            raise Problem("scope_missing", f"The key needs the scope {scope}.")

    def require_inside(self) -> None:
        """Raise ``Problem`` unless the caller is on this machine or has a key for
        the service's own affairs.
        """
        if not self.inside:
            raise Problem("scope_missing", "Ask on the service's machine, or with a key for service:read.")


def of(request: Request) -> Call:
    """Return the call that a route answers."""
    return request.scope[PLACE]


def _host(given: str) -> str:
    """The name that a caller calls the service by, without port and brackets."""
    name = given.rpartition(":")[0] if re.search(r":\d*$", given) and not given.endswith("]") else given
    return name.strip("[]").rstrip(".").lower()


def _key(given: dict[str, str]) -> str | None:
    """The key, as bearer token, own header or password of basic authentication.

    What is sent but cannot be read is no key, nor are two ways at once.
    """
    if "authorization" in given and "x-api-key" in given:
        return ""
    if "authorization" not in given:
        return given.get("x-api-key")
    kind, _, value = given["authorization"].partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    try:
        return (
            base64.b64decode(value, validate=True).decode().partition(":")[2]
            if kind.lower() == "basic"
            else ""
        )
    except (binascii.Error, UnicodeDecodeError):
        return ""
