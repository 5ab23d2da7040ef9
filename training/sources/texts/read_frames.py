"""Frames of an own table with topic and tone in place of free texts."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from features.own_tables import OwnTable
from features.texts import read_texts
from training.sources.texts.learn import learn


def read_frames(table: OwnTable, frames: Iterable[pl.DataFrame]) -> tuple[OwnTable, Iterator[pl.DataFrame]]:
    """Learn how texts are read, and read them: the table as described then, and its frames.

    Learning looks at the texts before the first frame is read, so frames wait on disk meanwhile, in a
    folder that only this user can read and that is gone afterwards. Without texts, nothing waits.
    """
    if not any(one.kind == "text" for one in table.columns):
        return table, iter(frames)
    wanted = {table.key, "known_time"} | {f"x_{one.rated_by}" for one in table.columns if one.rated_by}
    wanted |= {one.stored for one in table.columns if one.kind == "text"}
    folder = tempfile.TemporaryDirectory(prefix="texts-")
    parts = []
    for number, frame in enumerate(frames):
        frame.write_parquet(Path(folder.name) / f"{number:06}.parquet", compression="lz4")
        parts.append(frame.select(sorted(wanted)))
    models = learn(table, pl.concat(parts))
    return table.with_texts(models), _read(folder, table.with_texts(models))


def _read(folder: tempfile.TemporaryDirectory[str], table: OwnTable) -> Iterator[pl.DataFrame]:
    with folder:
        for path in sorted(Path(folder.name).glob("*.parquet")):
            yield read_texts(table.texts, pl.read_parquet(path))
