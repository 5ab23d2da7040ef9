"""API keys: hashed at rest, two live ones a client so that they can be changed without a gap."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

SCOPES = (
    "score:read",
    "scores:batch",
    "scores:read",
    "explain:read",
    "portrait:read",
    "outcomes:write",
    "consent:write",
    "jobs:read",
    "jobs:write",
)
LIVE_KEYS = 2
PREFIX = "ml"


@dataclass(frozen=True)
class Key:
    """One key; ``digest`` is the SHA-256 of its secret, which has 256 random bits and needs no salt."""

    name: str
    client: str
    scopes: tuple[str, ...]
    digest: str
    issued_at: str
    revoked_at: str | None = None


@dataclass
class KeyStore:
    """The keys in one file, which only this user can read; other processes see changes at once."""

    path: Path
    _read: tuple[int, dict[str, Key]] = field(default=(0, {}), repr=False)

    def all(self) -> dict[str, Key]:
        """Keys by name; empty where none was ever issued."""
        try:
            stamp = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        if stamp != self._read[0]:
            rows = json.loads(self.path.read_text())
            found = (Key(**{**row, "scopes": tuple(row["scopes"])}) for row in rows)
            self._read = (stamp, {key.name: key for key in found})
        return self._read[1]

    def issue(self, client: str, scopes: Sequence[str]) -> str:
        """A new key, told once. ``ValueError`` on an unknown scope or a third live key of a client."""
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise ValueError(f"scopes: found {unknown or 'none'}, allowed are {', '.join(SCOPES)}")
        keys = self.all()
        live = [key.name for key in keys.values() if key.client == client and key.revoked_at is None]
        if len(live) >= LIVE_KEYS:
            raise ValueError(
                f"client {client}: has {LIVE_KEYS} live keys ({', '.join(live)}); revoke one first"
            )
        name, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        self._write([*keys.values(), Key(name, client, tuple(scopes), _digest(secret), _now())])
        return f"{PREFIX}.{name}.{secret}"

    def revoke(self, name: str) -> Key:
        """End a key at once; ``KeyError`` where there is none of this name."""
        keys = dict(self.all())
        keys[name] = replace(keys[name], revoked_at=keys[name].revoked_at or _now())
        self._write(list(keys.values()))
        return keys[name]

    def check(self, given: str) -> Key | None:
        """The live key that ``given`` is, or None; takes as long for a wrong one as for a right one."""
        prefix, _, rest = given.partition(".")
        name, _, secret = rest.partition(".")
        key = self.all().get(name)
        same = hmac.compare_digest(_digest(secret), key.digest if key else _digest(""))
        return key if key and same and prefix == PREFIX and key.revoked_at is None else None

    def _write(self, keys: list[Key]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump([asdict(key) for key in keys], file, indent=1)
        aside.rename(self.path)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
