"""Whom a question is about: by reference, and by every id that stands in a record."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from features.consent import KINDS
from serving.consent.consent_updates import Subject
from serving.contract.schema_record import having
from serving.tasks import LEADS


def kind_of(task: str) -> str:
    """Return what a reference of the task names."""
    return "lead" if task in LEADS else "member"


def of_record(record: BaseModel) -> Iterator[Subject]:
    """Yield the subjects whose ids stand in any row; a checked record has one of each kind at most."""
    for key, kind in KINDS.items():
        rows = (row for name in having(key) for row in getattr(record, name, ()))
        ids = (found for row in rows if (found := getattr(row, key)) is not None)
        if (first := next(ids, None)) is not None:
            yield kind, first


def of_entry(entry: Any, task: str) -> Iterator[Subject]:
    """Yield the same for an item as it was sent, whatever it is."""
    if not isinstance(entry, dict):
        return
    if isinstance(entry.get("ref"), str):
        yield kind_of(task), entry["ref"]
    record = entry.get("record")
    for rows in record.values() if isinstance(record, dict) else ():
        for row in rows if isinstance(rows, list) else ():
            for key, kind in KINDS.items():
                if isinstance(row, dict) and isinstance(row.get(key), str):
                    yield kind, row[key]
