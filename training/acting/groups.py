"""What members are as a plan is made: what its brief and its readout are told by.

Kept in the build folder and not beside the list, which holds no attribute of anybody.
"""

from pathlib import Path

import polars as pl

from training.params import Params

KINDS = ("stage", "region")  # of a readout, and strata of its comparison
FILE = "groups.parquet"
UNKNOWN = "unknown"
# Which table tells what; portraits are made anew each night, members' rows are the source's.
PORTRAIT, MEMBERS = ("stage", "value_tier"), ("region", "city_tier")


def groups_path(params: Params, name: str) -> Path:
    """Return where the groups of a plan are."""
    return params.build / "plans" / name / FILE


def groups(params: Params, subjects: pl.Series) -> pl.DataFrame:
    """Return ``subject``, stage, tier of value, region and tier of city, ``unknown`` where not said."""
    found = subjects.to_frame("subject")
    for table, kinds in ((_portraits(params), PORTRAIT), (_members(params), MEMBERS)):
        there = [kind for kind in kinds if table is not None and kind in table.columns]
        if table is not None and there:
            named = table.select("member_id", *there).unique("member_id", keep="last")
            found = found.join(
                named, left_on="subject", right_on="member_id", how="left", maintain_order="left"
            )
        found = found.with_columns(pl.lit(None, pl.String).alias(kind) for kind in kinds if kind not in there)
    return found.with_columns(pl.col(*PORTRAIT, *MEMBERS).cast(pl.String).fill_null(UNKNOWN))


def _portraits(params: Params) -> pl.DataFrame | None:
    path = params.build / "portrait" / "portrait.parquet"
    return pl.read_parquet(path) if path.exists() else None


def _members(params: Params) -> pl.DataFrame | None:
    path = params.build / "tables" / "members.parquet"
    return pl.read_parquet(path).sort("known_time", "event_time") if path.exists() else None
