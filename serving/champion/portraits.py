"""The portrait of a member: tags that the pipeline derived and published, one row a member."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from serving.contract.problems import Problem

KEY = "member_id"


@dataclass
class Portraits:
    """The newest published portraits; read again when a new file is published."""

    folder: Path
    _stamp: int = 0
    _frame: pl.DataFrame | None = None

    @cached_property
    def _file(self) -> Path:
        return self.folder / "portrait.parquet"

    def of(self, member: str) -> dict[str, Any]:
        """Return the member's tags; ``Problem`` where there is no portrait."""
        frame = self._current()
        at = frame[KEY].search_sorted(member)
        if at >= len(frame) or frame[KEY][at] != member:
            raise Problem("unknown_ref", "There is no portrait of such a member.")
        row = frame.row(at, named=True)
        return {name: _plain(value) for name, value in row.items() if name != KEY}

    def _current(self) -> pl.DataFrame:
        try:
            stamp = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            raise Problem("unknown_ref", "No portraits have been published.") from None
        if self._frame is None or stamp != self._stamp:
            self._frame, self._stamp = pl.read_parquet(self._file).sort(KEY), stamp
        return self._frame


def _plain(value: Any) -> Any:
    """A value as JSON takes it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return round(value, 6) if value == value and abs(value) != float("inf") else None
    return json.loads(json.dumps(value, default=str))
