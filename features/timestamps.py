"""Times as the pipeline writes them: integer seconds inside, ISO outside, UTC always."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any


def seconds(day: date) -> int:
    """Return midnight UTC of ``day``, in seconds since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def iso(moment: int | None) -> str | None:
    """Return seconds since the epoch as an ISO time in UTC."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat()


def extract_moment(ingest: Mapping[str, Any]) -> int:
    """Return the moment of the extract, in seconds: what happened later is not known."""
    return int(datetime.fromisoformat(str(ingest["extracted_at"])).timestamp())
