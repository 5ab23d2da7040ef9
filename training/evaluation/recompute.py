"""Features of questions computed anew, each from a world of its own in which later rows are planted."""

from pathlib import Path

import polars as pl

from features.compute import compute
from features.cumulative import CumulativeGroup
from features.feature import DAY, Group


def recompute(asked: pl.DataFrame, tables: Path, groups: tuple[Group, ...]) -> pl.DataFrame:
    """Return features of each question from a world of its own: rows known before, and planted later ones.

    Parameters
    ----------
    asked
        Questions, ``row_id`` unique; a sample, since every question gets copies of its subject's rows.
    """
    own = pl.col("row_id").cast(pl.String)
    keys = {
        group.table: group.key for group in groups if group.table and not isinstance(group, CumulativeGroup)
    }
    shared = [group for group in groups if isinstance(group, CumulativeGroup)]
    keys |= {group.hop[0]: group.key for group in shared if group.hop}
    worlds = {table: _own_world(asked, tables / f"{table}.parquet", key) for table, key in keys.items()}
    worlds |= {
        name: _shared_world(asked, tables / f"{name}.parquet") for name in {g.table for g in shared} if name
    }
    spine = asked.with_columns(own.alias(key) for key in dict.fromkeys(keys.values()))
    return compute(spine, worlds, groups)


def _own_world(asked: pl.DataFrame, path: Path, key: str) -> pl.DataFrame:
    """Of each question's subject the rows that were known, as the question's own, and later copies."""
    mine = asked.lazy().select(key, at="row_id", moment="as_of")
    rows = pl.scan_parquet(path).join(mine, on=key)
    known = (
        rows.with_columns(pl.col("at").cast(pl.String).alias(key))
        .filter(pl.col("known_time") < pl.col("moment"))
        .collect()
    )
    later = known.with_columns(event_time=pl.col("moment"), known_time=pl.col("moment"))
    recorded = known.with_columns(known_time=pl.col("moment") + DAY)
    return pl.concat([known, later, recorded]).drop("at", "moment")


def _shared_world(asked: pl.DataFrame, path: Path) -> pl.DataFrame:
    """All rows that subjects share, and copies that are known when the last question has been asked."""
    rows = pl.read_parquet(path)
    return pl.concat([rows, rows.with_columns(known_time=pl.lit(asked["as_of"].max(), pl.Int64))])
