"""Who may call: live keys, or this machine as long as there are none."""

import asyncio
from collections.abc import MutableMapping
from ipaddress import ip_address
from typing import Any

from serving.contract.problems import Problem
from serving.edge.call_context import Call
from serving.edge.keys import SCOPES, KeysLost, KeyStore
from serving.edge.rate_limits import Buckets
from serving.settings import Rate, Settings

Scope = MutableMapping[str, Any]
LOCAL = frozenset(("localhost", "127.0.0.1", "::1"))
WRONG_KEYS = Rate(requests=10, seconds=60)  # from one address
PAUSE_SECONDS = 1.0  # before a wrong key beyond these is refused
MOST_SLOWED = 32  # at a time; more are told to come later
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="memberlens"'}
TELLING = ("/readyz", "/metrics")  # open routes that tell the operator more than others
ALL = frozenset(SCOPES)
INSIDE = "service:read"


class Access:
    """Tells for each call whose it is and what it may do."""

    def __init__(self, settings: Settings) -> None:
        self.keys = KeyStore(settings.state_dir / "keys.json")
        self.open_to_machine = settings.without_key == "this_machine"
        self.hosts = frozenset(name.lower() for name in settings.hosts)
        self.wrong, self.slowed = Buckets(WRONG_KEYS), 0

    def said(self) -> str:
        """Return one sentence for the log, at the start: who may call."""
        try:
            issued = bool(self.keys.all())
        except KeysLost as lost:
            return f"nobody may call: {lost}; bring it back, or remove {self.keys.marker.name} to begin anew"
        if issued:
            return "every call needs a key"
        if self.open_to_machine:
            return "no key was issued: calls from this machine to localhost are answered, all others refused"
        return "no key was issued: every call is refused"

    def address(self, call: Call) -> None:
        """Raise ``Problem`` where the service is not called by a name of its own."""
        if self.hosts and call.host not in self.hosts and call.host not in LOCAL:
            raise Problem("misdirected", "The Host header names another service.")

    async def enter(self, scope: Scope, call: Call) -> None:
        """Note the caller; ``Problem`` where nobody that may call is there, the later the more often."""
        try:
            found = self._client(scope, call)
        except KeysLost:
            detail, wait = "The keys of this service cannot be read.", {"Retry-After": "30"}
            raise Problem("keys_unavailable", detail, headers=wait) from None
        if found is None:
            await self._slow(scope, call)
            detail = "Send a live key as bearer token or X-API-Key."
            raise Problem("unauthenticated", detail, headers=CHALLENGE)
        call.client, call.scopes = found
        call.inside = INSIDE in call.scopes or self._is_here(scope, call)

    async def look(self, scope: Scope, call: Call) -> None:
        """Note, on an open route, whether the caller may see more than everybody."""
        call.inside = self._is_here(scope, call)
        if not call.inside and call.key is not None and scope["path"] in TELLING:
            await self.enter(scope, call)

    def _client(self, scope: Scope, call: Call) -> tuple[str, frozenset[str]] | None:
        if call.key is not None:
            key = self.keys.check(call.key)
            return None if key is None else (key.client, frozenset(key.scopes))
        keyless = self.open_to_machine and self._is_here(scope, call) and not self.keys.all()
        return ("this-machine", ALL) if keyless else None

    async def _slow(self, scope: Scope, call: Call) -> None:
        """Let an address that brought many wrong keys wait; right ones of the same address never do."""
        if call.key is None:
            return
        try:
            self.wrong.take(peer(scope))
        except Problem as problem:
            if self.slowed >= MOST_SLOWED:
                raise
            self.slowed += 1
            try:
                await asyncio.sleep(min(float(problem.headers["Retry-After"]), PAUSE_SECONDS))
            finally:
                self.slowed -= 1

    def _is_here(self, scope: Scope, call: Call) -> bool:
        """Whether the caller sits on this machine, and is no proxy for others.

        A proxy that adds no header passes on the name that the world calls, or speaks HTTP/1.0.
        """
        direct = not call.forwarded and scope.get("http_version") != "1.0"
        return direct and call.host in LOCAL and _is_loopback(peer(scope))


def peer(scope: Scope) -> str:
    """Return the address that a call comes from."""
    return str((scope.get("client") or ("", 0))[0])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
