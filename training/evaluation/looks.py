"""How often a frozen test was looked at: one line for each model that was evaluated on the same rows.

A test that many models were judged on, and of which the best was kept, flatters the one that was kept.
The record is only added to. It is no output of the pipeline: DVC removes those before a stage runs.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import polars as pl

LOG = "looks.jsonl"
ASKED = ("lead_id", "member_id", "subject_id", "campaign_id", "as_of", "label")


def look(out: Path, test: pl.DataFrame, model: str) -> None:
    """Add a line for the model with this hash, unless it was evaluated on these rows before."""
    rows, there = rows_hash(test), _lines(out)
    if any((line["rows"], line["model"]) == (rows, model) for line in there):
        return
    out.mkdir(parents=True, exist_ok=True)
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "rows": rows, "model": model}
    with (out / LOG).open("a") as file:
        file.write(json.dumps(line) + "\n")


class PastLooks(TypedDict):
    """How many models were tested on the same rows, and since which day."""

    n: int
    since: str | None


def past_looks(out: Path, test: pl.DataFrame) -> PastLooks:
    """Return how many models (``n``) were tested on these rows, ``since`` which day; None without one."""
    rows = rows_hash(test)
    days = [line["at"][:10] for line in _lines(out) if line["rows"] == rows]
    return {"n": len(days), "since": min(days, default=None)}


def rows_hash(test: pl.DataFrame) -> str:
    """Return a hash of who was asked what and when, with the outcomes; the same for rows in any order."""
    keys = [key for key in ASKED if key in test.columns]
    return hashlib.sha256(test.select(keys).sort(keys).write_csv().encode()).hexdigest()[:16]


def _lines(out: Path) -> list[dict[str, str]]:
    path = out / LOG
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
