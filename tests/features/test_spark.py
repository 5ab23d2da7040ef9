"""The same expressions on Spark give the same features, and nothing comes to the driver."""

import shutil
import sys
from pathlib import Path

import own_worlds
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from worlds import finished, raw_world, spine_of

from features import catalog, engines
from features.compute import compute

KINDS = {
    "members": {"x_income": False, "x_club": True}, "leads": {}, "campaigns": {"x_reward": False},
    "purchases": {}, "events": {}, "outreach": {}, "care": {}, "closures": {},
}  # fmt: skip
GROUPS = catalog.available(catalog.GROUPS, KINDS)

pytest.importorskip("pyspark", reason="pyspark is an extra: `make spark`")
pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")


@pytest.fixture(scope="module")
def session():
    found = engines.spark("local[2]", "1g", partitions=2)
    found.sparkContext.setLogLevel("ERROR")
    yield found
    found.stop()


def written(folder: Path, seed: int) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    world = finished(raw_world(seed))
    spine = spine_of(world, 5)
    spine.write_parquet(folder / "spine.parquet")
    for name, frame in world.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return spine, world


def test_spark_and_polars_agree_on_every_feature(session, tmp_path, monkeypatch):
    spine, world = written(tmp_path, 1)
    for name in ("collect", "toPandas", "toArrow", "toLocalIterator"):
        monkeypatch.setattr(type(session.range(1)), name, _refuse)
    engines.to_partitions(session, tmp_path / "spine.parquet", tmp_path, GROUPS, tmp_path / "out")
    found = pl.read_parquet(tmp_path / "out" / "*.parquet").sort("row_id")
    expected = spine.join(compute(spine, world, GROUPS), on="row_id", how="left").sort("row_id")
    assert_frame_equal(found, expected, rel_tol=1e-12, check_column_order=False)
    names = [feature.name for feature in catalog.features(GROUPS)]
    assert len(names) >= 80
    assert set(names) <= set(found.columns)


def test_spark_and_polars_agree_on_own_tables(session, tmp_path):
    groups, spine = own_worlds.groups(tmp_path), own_worlds.spine(7)
    spine.write_parquet(tmp_path / "spine.parquet")
    world = own_worlds.rows(7)
    for name, frame in world.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    engines.to_partitions(session, tmp_path / "spine.parquet", tmp_path, groups, tmp_path / "out")
    found = pl.read_parquet(tmp_path / "out" / "*.parquet").sort("row_id")
    expected = spine.join(compute(spine, world, groups), on="row_id", how="left").sort("row_id")
    assert_frame_equal(found, expected, rel_tol=1e-9, abs_tol=1e-9, check_column_order=False)


def _refuse(*_: object) -> None:
    raise AssertionError("rows came to the driver")


def test_without_spark_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ValueError, match="make spark"):
        engines.spark("local[1]")
