"""Ids of published batches: one Parquet file a batch, written once, in the log's own words."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from features.replacing import replacing
from models.ulids import milliseconds
from serving.answering.experiment_arm import arm
from serving.champion.champion import Champion
from serving.consent import subjects
from serving.ledger import access_log
from serving.settings import Settings

BATCH = "batch"
IsErased = Callable[[str, str], bool]


def _nobody(_: str, __: str) -> bool:
    return False


@dataclass(frozen=True)
class Batches:
    """The files below ``folder``, named by the batch's moment so that an id leads to its file."""

    folder: Path
    secret: bytes

    def keep(self, champion: Champion, settings: Settings, is_erased: IsErased = _nobody) -> None:
        """Keep the ids of the batch that a champion answers from; nothing where they are kept already.

        Whom the pipeline still has and ``is_erased`` (kind, id) names has no line.
        ``OSError`` where the file cannot be written.
        """
        ready, snapshot = champion.published, champion.snapshot
        if ready is None or snapshot is None or ready.marks is None:
            return
        name = f"{snapshot.as_of}-{champion.task}-{champion.version}-{snapshot.sha256[:16]}.parquet"
        if not (self.folder / name).exists():
            kind, everybody = subjects.kind_of(champion.task), snapshot.frame["subject_id"]
            there = pl.Series([not is_erased(kind, one) for one in everybody], dtype=pl.Boolean)
            self._write(self.folder / name, self._lines(champion, ready.marks, settings).filter(there))

    def _lines(self, champion: Champion, marks: pl.DataFrame, settings: Settings) -> pl.DataFrame:
        assert champion.snapshot is not None
        everybody, task = champion.snapshot.frame["subject_id"].to_list(), champion.task
        told = datetime.fromtimestamp(champion.snapshot.as_of, UTC).isoformat().replace("+00:00", "Z")
        whole = {"model": task, "version": champion.version, "client": BATCH, "scored_at": told}
        whole |= {"features_as_of": told, "snapshot": champion.snapshot.sha256}
        return marks.with_columns(
            pl.Series("subject", [access_log.mark(self.secret, one) for one in everybody], pl.String),
            pl.Series(
                "experiment_arm", [arm(settings.experiment, task, one) for one in everybody], pl.String
            ),
            **{name: pl.lit(value) for name, value in whole.items()},
        )

    def _write(self, file: Path, lines: pl.DataFrame) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(file, contended=True, mode=0o600) as aside:
            lines.sort("score_id").write_parquet(aside, row_group_size=20_000)

    def find(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return lines by score id."""
        times = {time // 1000 for one in ids if (time := milliseconds(one)) is not None}
        found: dict[str, dict[str, Any]] = {}
        for file in (file for time in times for file in sorted(self.folder.glob(f"{time}-*.parquet"))):
            rows = pl.scan_parquet(file).filter(pl.col("score_id").is_in(list(ids))).collect()
            found |= {row["score_id"]: row for row in rows.to_dicts()}
        return found

    def purge(self, before: datetime) -> None:
        """Forget batches that came before a moment."""
        for file in self.folder.glob("*.parquet"):
            if file.stat().st_mtime < before.timestamp():
                file.unlink(missing_ok=True)

    def ids(self, subject_mark: str) -> list[str]:
        """Return the ids of one subject's rows."""
        found: list[str] = []
        for file in sorted(self.folder.glob("*.parquet")):
            rows = pl.scan_parquet(file).filter(pl.col("subject") == subject_mark)
            found.extend(rows.select("score_id").collect()["score_id"])  # `+=` would ask the Series to add
        return found

    def erase(self, subject_mark: str) -> int:
        """Forget one subject's lines; return how many they were. A batch keeps its age."""
        count = 0
        for file in sorted(self.folder.glob("*.parquet")):
            theirs = pl.col("subject") == subject_mark
            if here := pl.scan_parquet(file).filter(theirs).select(pl.len()).collect().item():
                age = file.stat()
                self._write(file, pl.read_parquet(file).filter(~theirs))
                os.utime(file, ns=(age.st_atime_ns, age.st_mtime_ns))
                count += here
        return count
