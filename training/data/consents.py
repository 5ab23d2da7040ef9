"""What the list of consents says of rows that are to be scored or described."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from features.consent import FACTS, REASON, reasons
from training.io import say
from training.params import Params


def with_reasons(
    frame: pl.DataFrame, kind: str, params: Params, moment: int, path: Path | None = None
) -> pl.DataFrame:
    """Return ``frame`` (by ``subject_id``) with ``FACTS`` and why a row is not scored, null where it is.

    ``path`` is the list of consents where it is not the data set's own.
    """
    path = params.build / "consent" / "consent.parquet" if path is None else path
    if not path.exists():
        raise FileNotFoundError(f"{path}: not found; run the stages before this one (`dvc repro`)")
    listed = pl.read_parquet(path).filter(pl.col("kind") == kind).select("subject_id", *FACTS)
    found = frame.join(listed, on="subject_id", how="left", maintain_order="left")
    return found.with_columns(reasons(found, datetime.fromtimestamp(moment, UTC), params.consent))


def warn(name: str, rows: pl.DataFrame) -> None:
    """Say loudly when nobody is left, and why."""
    if len(rows) and not rows[REASON].null_count():
        why = rows[REASON].value_counts(sort=True).rows()
        told = ", ".join(f"{reason} {count:,}" for reason, count in why)
        say(f"WARNING {name}: all {len(rows):,} are suppressed ({told}); see `consent:` in params.yaml")
