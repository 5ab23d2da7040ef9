"""What members did with contents, by member: for campaigns that nobody has asked about before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow
import pyarrow.ipc

from features.catalog import ABOUT_CONTENT
from features.compute import compute
from features.replacing import replacing
from serving.champion.feature_snapshot import Snapshot
from serving.champion.query_plan import Plans
from serving.champion.record_features import RecordFeatures

# Only what these groups read: a plan that needs another column fails when it is made, at loading.
ROW = ("member_id", "kind", "category", "event_time", "known_time")
COLUMNS = {"purchases": (*ROW, "discount_cents"), "events": ROW}
Spans = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class History:
    """The rows behind the features that depend on the content, found by member.

    Rows lie in files that are mapped, not read: only what is asked for comes into memory.
    """

    reader: RecordFeatures
    snapshot: Snapshot
    frames: Mapping[str, pl.DataFrame]
    spans: Mapping[str, Spans]
    plans: Plans

    @classmethod
    def load(cls, tables: Path, reader: RecordFeatures, snapshot: Snapshot, kept: Path) -> "History | None":
        """Read the tables that the snapshot was made of; None where they are not published."""
        groups = tuple(group for group in reader.groups if group.name in ABOUT_CONTENT)
        wanted = {group.table for group in groups if group.table}
        if not all((tables / f"{name}.parquet").exists() for name in wanted):
            return None
        frames = {name: _mapped(tables / f"{name}.parquet", kept, snapshot) for name in wanted}
        spans = {name: _spans(frame) for name, frame in frames.items()}
        plans = Plans(lambda lazy: compute(lazy.pop("spine"), lazy, groups))
        return cls(reader, snapshot, frames, spans, plans)

    def features(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> pl.DataFrame:
        """Return every feature of the model, one row a (member, content) pair, in their order.

        What does not depend on the content comes from the snapshot.
        """
        spine = self.reader.content_spine(asked, self.snapshot.as_of)
        members = list(dict.fromkeys(member for member, _ in asked))
        about = self.plans.run({"spine": spine} | {name: self._rows(name, members) for name in self.frames})
        own = self.snapshot.frame[[self.snapshot.subjects[member] for member, _ in asked]]
        about = about.sort("row_id").drop("row_id")
        return pl.concat([own.select(pl.exclude(about.columns)), about], how="horizontal")

    def _rows(self, name: str, members: Sequence[str]) -> pl.DataFrame:
        frame, spans = self.frames[name], self.spans[name]
        parts = [frame[start:stop] for start, stop in (spans.get(member, (0, 0)) for member in members)]
        return pl.concat(parts, rechunk=True)


def _mapped(source: Path, kept: Path, snapshot: Snapshot) -> pl.DataFrame:
    """The table sorted by member, in a file beside the service, made once for each snapshot."""
    file = kept / f"{source.stem}-{snapshot.sha256[:16]}.arrow"
    if not file.exists():
        rows = pl.scan_parquet(source).filter(pl.col("known_time") < snapshot.as_of)
        columns = COLUMNS.get(source.stem)
        rows = rows if columns is None else rows.select(columns)
        with replacing(file, contended=True) as aside:
            rows.sort("member_id", maintain_order=True).collect().write_ipc(aside)
        _only(file, source.stem)
    mapped = pl.from_arrow(pyarrow.ipc.open_file(pyarrow.memory_map(str(file))).read_all(), rechunk=False)
    assert isinstance(mapped, pl.DataFrame)
    return mapped


def _only(file: Path, stem: str) -> None:
    """Older files go; processes that still map them keep what they have."""
    for other in file.parent.glob(f"{stem}-*.arrow"):
        if other != file:
            other.unlink(missing_ok=True)


def _spans(frame: pl.DataFrame) -> Spans:
    runs = frame.select(pl.col("member_id").rle().struct.unnest())
    stops = runs["len"].cum_sum().to_list()
    return {
        member: (stop - length, stop)
        for member, length, stop in zip(runs["value"].to_list(), runs["len"].to_list(), stops, strict=True)
    }
