"""A simulated brand on disk, a file a part: what reads it holds one part of a table at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.replacing import replacing_folder
from training.synthetic.block import Frames
from training.synthetic.brand import Brand

TRUTH, OWN, TABLES = "truth", "own", "tables"


@dataclass(frozen=True)
class Stored:
    """Where the parts of each table lie, and which there are, of the contract and of the brand's own."""

    folder: Path
    tables: tuple[str, ...]
    own: tuple[str, ...]

    @classmethod
    def of(cls, parts: Iterable[Brand], folder: Path, truth: Path) -> "Stored":
        """Write the parts into ``folder`` as they come, and the truth, whole, into ``truth``."""
        for number, part in enumerate(parts):
            for kind, frames in ((TABLES, part.tables), (OWN, part.own), (TRUTH, part.truth)):
                _write(frames, folder / kind, number)
        with replacing_folder(truth) as aside:
            for name in _names(folder / TRUTH):
                whole = pl.read_parquet(_files(folder / TRUTH, name))
                whole.write_parquet(aside / f"{name}.parquet", compression="zstd")
        return cls(folder, _names(folder / TABLES), _names(folder / OWN))

    def frames(self, name: str) -> Iterator[pl.DataFrame]:
        """Yield a table of the contract, part by part."""
        yield from map(pl.read_parquet, _files(self.folder / TABLES, name))

    def as_source(self) -> Path:
        """Return a folder with the brand's own tables and its members, a file each, for a mapping."""
        found = self.folder / "source"
        found.mkdir()
        for kind, name in (*((OWN, name) for name in self.own), (TABLES, "members")):
            pl.read_parquet(_files(self.folder / kind, name)).write_parquet(found / f"{name}.parquet")
        return found


def _write(frames: Frames, folder: Path, number: int) -> None:
    for name, frame in frames.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        frame.write_parquet(folder / name / f"{number:06}.parquet", compression="lz4")


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.glob("*")))


def _files(folder: Path, name: str) -> list[Path]:
    return sorted((folder / name).glob("*.parquet"))
