"""The laws of time: what comes later, or becomes known later, changes no feature."""

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from worlds import START, finished, raw_world, spine_of

from features import catalog
from features.compute import compute
from features.feature import DAY

KINDS = {
    "members": {"x_income": False, "x_club": True},
    "leads": {},
    "campaigns": {"x_reward": False},
    "purchases": {},
    "events": {},
    "outreach": {},
    "care": {},
}
GROUPS = catalog.available(catalog.GROUPS, KINDS)


def polars(spine: pl.DataFrame, world: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return compute(spine, world, GROUPS).sort("row_id")


def test_the_catalogue_has_no_name_twice_and_every_feature_is_computed(world):
    names = [feature.name for feature in catalog.features(GROUPS)]
    assert len(names) >= 80
    assert polars(spine_of(world, 0), world).columns == ["row_id", *names]


def test_rows_known_at_or_after_the_moment_change_nothing(world):
    spine = spine_of(world, 1)
    cut = START + 250 * DAY
    spine = spine.with_columns(as_of=pl.lit(cut))
    before = {
        name: frame.filter(pl.col("known_time") < cut) if "known_time" in frame.columns else frame
        for name, frame in world.items()
    }
    assert_frame_equal(polars(spine, before), polars(spine, world))


@pytest.mark.parametrize("column", ["known_time", "event_time"])
def test_a_row_at_the_moment_itself_does_not_count(world, column):
    moment = START + 250 * DAY
    spine = spine_of(world, 2).with_columns(as_of=pl.lit(moment))
    columns = {"known_time", column}
    times = {name: pl.lit(moment) for name in columns}
    moved = {
        name: frame.with_columns(**times) if "known_time" in frame.columns else frame
        for name, frame in world.items()
    }
    nothing = {name: frame.head(0) for name, frame in world.items()}
    assert_frame_equal(polars(spine, moved), polars(spine, nothing))


def test_a_row_alone_equals_the_row_in_a_batch(world):
    spine = spine_of(world, 3)
    together = polars(spine, world)
    alone = pl.concat([polars(spine[i : i + 1], world) for i in range(len(spine))])
    assert_frame_equal(alone, together)


def test_the_order_of_rows_changes_nothing(world):
    spine = spine_of(world, 4)
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=1) for name, frame in world.items()}
    assert_frame_equal(polars(spine, shuffled), polars(spine, world))


def test_duckdb_and_polars_agree(world):
    spine = spine_of(world, 5)
    with duckdb.connect() as connection:
        for name, frame in {**world, "spine": spine}.items():
            connection.register(f"frame_{name}", frame.to_arrow())
        relations = {name: connection.table(f"frame_{name}") for name in world}
        found = compute(connection.table("frame_spine"), relations, GROUPS).pl().sort("row_id")
    assert_frame_equal(found, polars(spine, world), rel_tol=1e-12)


def test_every_feature_takes_more_than_one_value_somewhere():
    worlds = [finished(raw_world(seed, members)) for seed, members in enumerate((3, 40, 120))]
    spines = [spine_of(world, 6, 600) for world in worlds]
    found = pl.concat([polars(spine, world) for spine, world in zip(spines, worlds, strict=True)])
    assert [name for name in found.columns if found[name].n_unique() == 1] == []
