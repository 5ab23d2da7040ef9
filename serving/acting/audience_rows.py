"""Rows of a list as far as they may be told now, and how they are written."""

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from models.acting.draft import LIST
from serving.consent.consents import Consents
from serving.edge import header_values

ARMS = ("contact", "care", "explore", "held_out", "none")
MEDIA = {"json": "application/json", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def page(file: Path, arms: Sequence[str], cursor: int, limit: int) -> tuple[pl.DataFrame, int | None]:
    """Return rows of these arms from position ``cursor`` on, and where to go on; None after the last."""
    rows = pl.scan_parquet(file)
    if arms:
        rows = rows.filter(pl.col("arm").is_in(list(arms)))
    found = rows.slice(cursor, limit + 1).collect()
    return found[:limit], cursor + limit if len(found) > limit else None


def empty() -> pl.DataFrame:
    """Return a list without members."""
    return pl.DataFrame(schema=LIST)


def allowed(consents: Consents, rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return the rows without members who have withdrawn or were erased since: they disappear."""
    may = [
        consents.withdrawal(consents.known("member", subject), now) is None
        for subject in rows["subject"].to_list()
    ]
    return rows.filter(pl.Series(may, dtype=pl.Boolean))


def withdrawn(consents: Consents, subjects: Sequence[str], now: datetime) -> frozenset[str]:
    """Return those of the members whom nobody may write to by what is known now."""
    return frozenset(
        one for one in subjects if consents.withdrawal(consents.known("member", one), now) is not None
    )


def response_rows(rows: pl.DataFrame, language: str) -> list[dict[str, Any]]:
    """Return rows as JSON, with one reason text."""
    kept = pl.exclude("reason_en", "reason_zh", f"reason_{language}")
    return rows.select(kept, reason_text=pl.col(f"reason_{language}")).to_dicts()


def packed(rows: pl.DataFrame, form: str) -> bytes:
    """Return rows as ``csv`` or ``parquet``, as the pipeline's own list has them."""
    if form == "csv":
        return rows.write_csv().encode()
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def form_of(asked: str | None, accept: str) -> str:
    """Return the form that was asked for: the parameter, else the known one of the greatest weight
    in ``Accept``, the first of equal ones.
    """
    if asked is not None:
        return asked
    named = header_values.weights(accept)
    forms = {form: named[media] for media in named for form in MEDIA if media == MEDIA[form]}
    best = max(forms, key=forms.__getitem__, default="json")
    return best if forms.get(best, 0.0) > 0 else "json"
