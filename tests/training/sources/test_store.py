"""Tables on disk: in order of time, the same bytes, all or nothing."""

from pathlib import Path

import polars as pl
import pytest

from features.replacing import replacing_folder
from training.sources.store import Folder

FRAME = pl.DataFrame({
    "event_time": [5, 3, 5, 1, 3, 5],
    "name": ["a", "b", None, "d", "e", "f"],
    "at": pl.Series(range(6)).cast(pl.Datetime("us", "UTC")),
    "flag": [True, None, False, True, None, None],
    "nothing": pl.Series([None] * 6, dtype=pl.String),
})  # fmt: skip


def stored(folder: Path, size: int) -> Path:
    folder.mkdir()
    Folder(folder, memory="500MB", threads=1).store("events", FRAME.iter_slices(size))
    return folder / "events.parquet"


@pytest.mark.parametrize("size", [1, 2, 4, 6])
def test_rows_are_in_order_of_time_and_equal_times_in_their_own(tmp_path: Path, size: int) -> None:
    found = pl.read_parquet(stored(tmp_path / "t", size))
    assert found.equals(FRAME.sort("event_time", maintain_order=True))
    assert found.schema == FRAME.schema
    assert [path.name for path in (tmp_path / "t").iterdir()] == ["events.parquet"]


@pytest.mark.parametrize("size", [2, 6])
def test_the_same_rows_are_the_same_bytes(tmp_path: Path, size: int) -> None:
    assert stored(tmp_path / "a", size).read_bytes() == stored(tmp_path / "b", size).read_bytes()


def test_no_frame_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="events: no frame"):
        Folder(tmp_path).store("events", iter([]))


def test_a_folder_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    with replacing_folder(folder) as aside:
        (aside / "a").write_text("old")
    with pytest.raises(FileNotFoundError), replacing_folder(folder) as aside:
        (aside / "missing" / "a").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]
    assert (folder / "a").read_text() == "old"


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    for name in ("a", "b"):
        with replacing_folder(folder) as aside:
            (aside / name).write_text(name)
    assert [path.name for path in folder.iterdir()] == ["b"]
