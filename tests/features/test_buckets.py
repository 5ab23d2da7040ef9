"""Features in buckets of subjects are those of all subjects at once."""

from pathlib import Path

import own_worlds
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from worlds import finished, raw_world, spine_of

from features import engines
from features.feature import Feature, Group
from features.groups.engagement import INTEREST, LEAD_TOUCHES
from features.groups.purchases import PURCHASES

SUMS = Group(
    name="sums",
    table="purchases",
    features=(Feature("spent", lambda rows: rows["amount_cents"].sum(), "cents", "spent", "消费", 0),),
)


def written(folder: Path, spine: pl.DataFrame, world: dict[str, pl.DataFrame]) -> Path:
    spine.write_parquet(folder / "spine.parquet")
    for name, frame in world.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


def both(folder: Path, groups, monkeypatch, a_bucket: int) -> tuple[Path, Path]:
    """The features at once and in buckets of so many joined rows."""
    once, apart = folder / "once.parquet", folder / "apart.parquet"
    engines.to_parquet(folder / "spine.parquet", folder, groups, once)
    monkeypatch.setattr(engines, "A_BUCKET", a_bucket)
    engines.to_parquet(folder / "spine.parquet", folder, groups, apart)
    return once, apart


@pytest.mark.parametrize(
    ("groups", "a_bucket"),
    [([PURCHASES], 700), ([SUMS], 100)],  # with 100 there are more buckets than subjects: empty ones
)
def test_buckets_give_the_same_features(groups, a_bucket, tmp_path, monkeypatch):
    world = finished(raw_world(1))
    once, apart = both(written(tmp_path, spine_of(world, 5), world), groups, monkeypatch, a_bucket)
    assert_frame_equal(pl.read_parquet(apart), pl.read_parquet(once), check_exact=True)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] in ([], ["spill"])


def test_buckets_of_members_serve_tables_of_leads_too(tmp_path, monkeypatch):
    world = finished(raw_world(1))
    folder = written(tmp_path, spine_of(world, 5), world)
    once, apart = both(folder, [SUMS, INTEREST, LEAD_TOUCHES], monkeypatch, 500)
    assert_frame_equal(pl.read_parquet(apart), pl.read_parquet(once), check_exact=True)


def test_buckets_leave_tables_whole_that_all_subjects_share(tmp_path, monkeypatch):
    groups = own_worlds.groups(tmp_path)
    folder = written(tmp_path, own_worlds.spine(7), own_worlds.rows(7))
    once, apart = (pl.read_parquet(path) for path in both(folder, groups, monkeypatch, 2_500))
    assert_frame_equal(apart, once, rel_tol=1e-12)


def test_a_bucket_reads_its_own_rows_alone(tmp_path, monkeypatch):
    world = finished(raw_world(1))
    read: list[int] = []
    computed = engines.compute

    def counted(asked, tables, groups):
        read.append(len(tables["purchases"].pl()))
        return computed(asked, tables, groups)

    monkeypatch.setattr(engines, "compute", counted)
    both(written(tmp_path, spine_of(world, 5), world), [PURCHASES], monkeypatch, 700)
    whole, *parts = read
    assert len(parts) > 1
    assert sum(parts) <= whole  # those of nobody who is asked about are left out
