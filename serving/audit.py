"""Who asked for what about whom, without the id itself."""

import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path

from serving.calls import Call
from serving.database import Database


def note(
    database: Database, secret: bytes, call: Call, what: str, subject: str | None, now: datetime
) -> None:
    """Keep one line; the subject as an HMAC, so that only who knows an id can find its lines."""
    about = None if subject is None else mark(secret, subject)
    row = (now.isoformat(timespec="seconds"), call.client, call.request_id, what, call.model, about)
    with database.use() as connection:
        connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", row)


def mark(secret: bytes, subject: str) -> str:
    """What stands in the place of an id."""
    return hmac.new(secret, subject.encode(), hashlib.sha256).hexdigest()


def secret_of(folder: Path) -> bytes:
    """The secret of this installation, made at first use, for this user only."""
    path = folder / "secret"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return path.read_bytes()
