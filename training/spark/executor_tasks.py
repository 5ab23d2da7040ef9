"""What one executor does alone, on the sample, so that the driver holds no rows."""

from pathlib import Path

import polars as pl

from models.learners.encoder import Encoder
from training.data.artifacts import Dataset
from training.data.split import Split
from training.spark import matrix, partition, rows
from training.spark.place import Place
from training.stages import dataset
from training.stages.tune import tune


def useless(folder: Path, place: Place, facts: Dataset) -> list[str]:
    """Return the columns of own tables that bring nothing on the sample in ``folder``."""
    split = Split(facts["test_start_time"], tuple(facts["blocks"]))
    return dataset.useless(folder, place.name, facts, split, place.params)


def search(sample: Path, out: Path, place: Place) -> None:
    """Search on the sample, and write ``tune.json`` into ``out``."""
    for name in ("dataset.parquet", rows.FACTS):
        (out / name).symlink_to(sample / name)
    tune(place.params, place.name, out)
    for name in ("dataset.parquet", rows.FACTS):
        (out / name).unlink()


def encoded_sample(encoder: Encoder, sample: Path, out: Path) -> None:
    """Write the sample's matrix, beside the others but not among them: a folder is no partition."""
    (out / "sample").mkdir()
    found = matrix.encoded(encoder, pl.read_parquet(sample / "dataset.parquet"))
    partition.write(found, out / "sample" / "part-sample.parquet")
