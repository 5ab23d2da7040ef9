"""Whose past no model learns from: those who refused profiling, the dead and minors."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from features.consent import KINDS, NO_LESSON, reasons
from training.params import Params


def refusing_ids(params: Params, subject: str, moment: int, path: Path | None = None) -> pl.Series | None:
    """Return the ids, of the column ``subject``, to leave out of learning and testing.

    None where nobody is asked.

    By what they say at ``moment`` (seconds), the extract, whenever they were asked about: a refusal holds
    for what lies before it too. ``path`` is the list of consents where it is not the data set's own.
    """
    kind = KINDS.get(subject)
    if kind is None or params.consent.training == "keep":
        return None
    path = params.build / "consent" / "consent.parquet" if path is None else path
    listed = pl.read_parquet(path).filter(pl.col("kind") == kind)
    why = reasons(listed, datetime.fromtimestamp(moment, UTC), params.consent)
    return listed["subject_id"].filter(why.is_in(NO_LESSON).fill_null(False))
