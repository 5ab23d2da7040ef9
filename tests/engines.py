"""Every engine that features are computed on; what holds for one must hold for all."""

from collections.abc import Callable, Iterable, Mapping

import duckdb
import polars as pl

from features.compute import compute
from features.feature import Group

Engine = Callable[[pl.DataFrame, Mapping[str, pl.DataFrame], Iterable[Group]], pl.DataFrame]


def on_polars(
    spine: pl.DataFrame, world: Mapping[str, pl.DataFrame], groups: Iterable[Group]
) -> pl.DataFrame:
    return compute(spine, world, groups).sort("row_id")


def on_duckdb(
    spine: pl.DataFrame, world: Mapping[str, pl.DataFrame], groups: Iterable[Group]
) -> pl.DataFrame:
    with duckdb.connect() as connection:
        for name, frame in {**world, "spine": spine}.items():
            connection.register(f"frame_{name}", frame.to_arrow())
        relations = {name: connection.table(f"frame_{name}") for name in world}
        return compute(connection.table("frame_spine"), relations, groups).pl().sort("row_id")


ENGINES: dict[str, Engine] = {"polars": on_polars, "duckdb": on_duckdb}
