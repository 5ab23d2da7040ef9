"""The published list of scenes: written by the night's batch, read by the service; one form for both."""

import hashlib
import json
from pathlib import Path

import polars as pl

from features.replacing import replacing
from models.acting.documents import ScenesFacts

FOLDER = "scenes"
ROWS, FACTS = "scenes.parquet", "scenes.json"


def write(folder: Path, rows: pl.DataFrame, told: ScenesFacts) -> None:
    """Write rows of ``models.acting.scenes.judged`` and what is told of them, which names their hash."""
    with replacing(folder / ROWS) as aside:
        rows.write_parquet(aside, compression="zstd")
        digest = hashlib.sha256(aside.read_bytes()).hexdigest()
    with replacing(folder / FACTS) as aside:
        aside.write_text(
            json.dumps({**told, "sha256": digest}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        )


def read(folder: Path) -> tuple[pl.DataFrame, ScenesFacts]:
    """Read rows and facts.

    Raises
    ------
    FileNotFoundError
        Nothing was published.
    ValueError
        Rows and facts do not belong together: they are being written.
    """
    told, content = json.loads((folder / FACTS).read_text()), (folder / ROWS).read_bytes()
    if hashlib.sha256(content).hexdigest() != told["sha256"]:
        raise ValueError(f"{folder / ROWS}: is not the file that {FACTS} names")
    return pl.read_parquet(folder / ROWS), told
