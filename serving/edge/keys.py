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

from features.replacing import replacing

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
    "actions:read",
    "audiences:read",
    "audiences:write",
    "service:read",
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


class KeysLost(Exception):  # noqa: N818 - it says what happened
    """Keys were issued, and cannot be read: nobody is let in until their file is there again."""


@dataclass
class KeyStore:
    """The keys in one file, which only this user can read; other processes see changes at once."""

    path: Path
    _read: tuple[int, dict[str, Key]] = field(default=(0, {}), repr=False)

    def all(self) -> dict[str, Key]:
        """Return keys by name; empty where none was ever issued. ``KeysLost`` where there were some."""
        try:
            stamp = self.path.stat().st_mtime_ns
            if stamp != self._read[0]:
                self._read = (stamp, self._found())
        except FileNotFoundError:
            if self.marker.exists():
                raise KeysLost(f"{self.path}: keys were issued, and their file is gone") from None
            return {}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise KeysLost(f"{self.path}: cannot be read ({type(error).__name__})") from None
        return self._read[1]

    @property
    def marker(self) -> Path:
        """Stands beside the file from the first key on, so that a lost file does not open the service."""
        return self.path.with_suffix(".issued")

    def _found(self) -> dict[str, Key]:
        rows = json.loads(self.path.read_text())
        found = {row["name"]: Key(**{**row, "scopes": tuple(row["scopes"])}) for row in rows}
        if not found or not all(_is_whole(key) for key in found.values()):
            raise ValueError("holds no key, or one that is damaged")
        self._mark()
        return found

    def _mark(self) -> None:
        if not self.marker.exists():
            os.close(os.open(self.marker, os.O_WRONLY | os.O_CREAT, 0o600))

    def issue(self, client: str, scopes: Sequence[str]) -> str:
        """Issue a new key, told once; ``ValueError`` on an unknown scope or a third live key of a client."""
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
        """Return the live key that ``given`` is, or None.

        Takes as long for a wrong one as for a right one.
        """
        prefix, _, rest = given.partition(".")
        name, _, secret = rest.partition(".")
        key = self.all().get(name)
        same = hmac.compare_digest(_digest(secret), key.digest if key else _digest(""))
        return key if key and same and prefix == PREFIX and key.revoked_at is None else None

    def _write(self, keys: list[Key]) -> None:
        with replacing(self.path, contended=True, mode=0o600) as aside:
            aside.write_text(json.dumps([asdict(key) for key in keys], indent=1))
            self._mark()


def _is_whole(key: Key) -> bool:
    texts = (key.name, key.client, key.digest, key.issued_at, key.revoked_at or "", *key.scopes)
    return all(isinstance(text, str) for text in texts) and set(key.scopes) <= set(SCOPES)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
