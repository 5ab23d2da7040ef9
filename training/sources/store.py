"""Tables on disk: one Parquet file each in order of time, all of a folder or nothing."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Folder:
    """Where tables are stored, and what sorting one may use of the machine."""

    path: Path
    memory: str = "6GB"
    threads: int = 2

    def store(self, name: str, frames: Iterator[pl.DataFrame]) -> None:
        """Write one table in order of ``event_time``; several frames are never in memory together."""
        out, first = self.path / f"{name}.parquet", next(frames, None)
        if first is None:
            raise ValueError(f"{name}: no frame to store, not even an empty one")
        second = next(frames, None)
        if second is None:
            by = "event_time" if "event_time" in first.columns else first.columns[0]
            first.sort(by, maintain_order=True).write_parquet(out, compression="zstd")
            return
        parts = self.path / f"{name}.parts"
        parts.mkdir()
        for number, frame in enumerate(_again(first, second, frames)):
            frame.write_parquet(parts / f"{number:06}.parquet", compression="lz4")
        self._sort(parts, out, first.columns)
        shutil.rmtree(parts)

    def _sort(self, parts: Path, out: Path, columns: list[str]) -> None:
        import duckdb

        names = ", ".join(f'"{name}"' for name in columns)
        with duckdb.connect() as connection:
            connection.execute(
                f"SET memory_limit='{self.memory}'; SET threads={self.threads}; SET timezone='UTC'"
            )
            connection.execute(f"SET temp_directory='{parts / 'spill'}'")
            source = f"read_parquet('{parts}/*.parquet', filename=true, file_row_number=true)"
            ordered = f"SELECT {names} FROM {source} ORDER BY event_time, filename, file_row_number"
            connection.execute(f"COPY ({ordered}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def _again(first: pl.DataFrame, second: pl.DataFrame, rest: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield first
    yield second
    yield from rest
