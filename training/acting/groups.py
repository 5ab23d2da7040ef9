"""Stage and region of members as they were when a plan was made: what its readout is told by.

Kept in the build folder and not beside the list, which holds no attribute of anybody.
"""

from pathlib import Path

import polars as pl

from training.params import Params

KINDS = ("stage", "region")
FILE = "groups.parquet"


def kept(params: Params, name: str) -> Path:
    """Return where the groups of a plan are."""
    return params.build / "plans" / name / FILE


def groups(params: Params, subjects: pl.Series) -> pl.DataFrame:
    """Return ``subject`` and the columns of ``KINDS``, ``unknown`` where the source does not say."""
    found = subjects.to_frame("subject")
    for table, kind in ((_portraits(params), "stage"), (_regions(params), "region")):
        if table is None:
            found = found.with_columns(pl.lit(None, pl.String).alias(kind))
        else:
            named = table.select(subject="member_id", **{kind: kind}).unique("subject", keep="last")
            found = found.join(named, on="subject", how="left", maintain_order="left")
    return found.with_columns(pl.col(KINDS).fill_null("unknown"))


def _portraits(params: Params) -> pl.DataFrame | None:
    path = params.build / "portrait" / "portrait.parquet"
    return pl.read_parquet(path, columns=["member_id", "stage"]) if path.exists() else None


def _regions(params: Params) -> pl.DataFrame | None:
    path = params.build / "tables" / "members.parquet"
    if not path.exists():
        return None
    rows = pl.read_parquet(path, columns=["member_id", "region", "event_time", "known_time"])
    return rows.sort("known_time", "event_time")
