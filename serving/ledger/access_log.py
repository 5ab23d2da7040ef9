"""Who asked for what about whom, without the id itself."""

import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path

from serving.database import Database
from serving.edge.call_context import Call


def note(
    database: Database, secret: bytes, call: Call, what: str, subject: str | None, now: datetime
) -> None:
    """Keep one line; the subject as an HMAC, so that only who knows an id can find its lines."""
    row = (
        now.isoformat(timespec="seconds"), call.client, call.request_id, what, call.model,
        mark(secret, subject),
    )  # fmt: skip
    with database.use() as connection:
        connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", row)


def mark(secret: bytes, subject: str | None) -> str | None:
    """Return the pseudonym of a subject: an HMAC, so that only who knows an id can find its lines."""
    return None if subject is None else hmac.digest(secret, subject.encode(), hashlib.sha256).hex()


def secret_of(folder: Path) -> bytes:
    """Return the secret of this installation, made at first use, for this user only."""
    path = folder / "secret"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return path.read_bytes()
