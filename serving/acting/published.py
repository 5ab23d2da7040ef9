"""What the pipeline published about acting, in memory, and read again when it is published anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from models.acting import published_plans, published_scenes
from models.acting.documents import PlanFacts, ScenesFacts
from serving.contract.problems import Problem


@dataclass(frozen=True)
class _Scenes:
    stamp: int
    told: ScenesFacts
    by_kind: Mapping[str, pl.DataFrame]


@dataclass
class Scenes:
    """Who is in which scene."""

    folder: Path
    _kept: _Scenes | None = None

    @property
    def exist(self) -> bool:
        """Whether scenes were ever published."""
        return self._kept is not None or (self.folder / published_scenes.FACTS).exists()

    @property
    def facts(self) -> ScenesFacts:
        """Words, rules and salt of the scenes; ``Problem`` where nothing was published."""
        return self._current().told

    def rows(self, kind: str, subject: str) -> list[dict[str, Any]]:
        """Return what was judged of one subject, the most urgent first; empty where it was not looked at."""
        frame = self._current().by_kind.get(kind)
        if frame is None:
            return []
        start, stop = (frame["subject"].search_sorted(subject, side) for side in ("left", "right"))
        return frame[start:stop].to_dicts()

    def _current(self) -> _Scenes:
        """The newest that can be read whole: while a file is being written, the one before."""
        facts = self.folder / published_scenes.FACTS
        stamp = facts.stat().st_mtime_ns if facts.exists() else None
        if stamp is not None and (self._kept is None or stamp != self._kept.stamp):
            try:
                rows, told = published_scenes.read(self.folder)
            except (ValueError, OSError):
                if self._kept is None:
                    raise Problem("not_published", "The scenes of this night cannot be read yet.") from None
                return self._kept
            kinds = rows.partition_by("kind", as_dict=True)
            self._kept = _Scenes(stamp, told, {str(key[0]): part for key, part in kinds.items()})
        if self._kept is None:
            raise Problem("not_published", "No scenes have been published: `memberlens scenes` does it.")
        return self._kept


@dataclass
class Plans:
    """Plans that were made, by their names."""

    folder: Path
    _kept: dict[str, tuple[int, PlanFacts, pl.DataFrame]] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return every plan that is there."""
        return published_plans.names(self.folder)

    def plan(self, name: str) -> tuple[PlanFacts, pl.DataFrame]:
        """Return facts and list, sorted by subject; ``Problem`` where there is no such plan."""
        if name not in self.names():
            raise Problem("unknown_plan", "No plan of this name has been published.")
        stamp = published_plans.stamp(self.folder, name)
        if name not in self._kept or self._kept[name][0] != stamp:
            rows, told = published_plans.read(self.folder, name)
            self._kept[name] = (stamp, told, rows.sort("subject"))
        return self._kept[name][1:]

    def arm(self, name: str, subject: str) -> str | None:
        """Return the arm of a subject in a plan, None where the plan does not have it."""
        rows = self.plan(name)[1]
        at = rows["subject"].search_sorted(subject)
        return None if at >= len(rows) or rows["subject"][at] != subject else str(rows["arm"][at])
