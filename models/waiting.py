"""A lead's features as they would be, had some days gone by in which nothing happened.

Of a lead that came in this minute nothing else could be otherwise: nothing can have happened before it was
there. What was there before stays, days are counted on, and windows of days lose what falls out of them.
Where what is known of a row does not say how much that is, nothing is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from features.feature import Feature
from models.event_effects import SINCE
from models.events import TOTALS
from models.histories import Source, Variant
from models.phrases import WINDOW

DAYS = (2, 3, 5, 7, 10, 14, 21, 28)
NEWEST, OLDEST = "days_since_touch", "days_since_first_touch"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Waiting:
    """Days without anything, beside what there was in the table of ``source``."""

    source: Source

    @classmethod
    def of_leads(cls, sources: Sequence[Source], reads: Sequence[str]) -> "Waiting | None":
        """Return it for leads whose age and touches are read; None for others."""
        found = next((one for one in sources if (one.table, one.key) == ("events", "lead_id")), None)
        needed = {SINCE["lead_id"], TOTALS["events", "lead_id"], NEWEST, OLDEST}
        return None if found is None or not needed <= set(reads) else cls(found)

    @property
    def age(self) -> str:
        """The feature that tells how many days went by."""
        return SINCE[self.source.key]

    @cached_property
    def names(self) -> list[str]:
        """Every feature that changes."""
        return [*self.source.names, self.age]

    def variants(self, row: Row) -> tuple[list[Variant], pl.DataFrame]:
        """Return how many days could go by, and the features then, one line each."""
        rows = [(days, self._later(row, days)) for days in DAYS if row.get(self.age) is not None]
        known = [(days, found) for days, found in rows if found is not None]
        columns = {
            feature.name: [np.array([found[feature.name] for _, found in known], dtype=_kind(feature))]
            for feature in self.source.aggregates
        }
        frame = self.source.finished(columns)
        ages = pl.Series(self.age, [float(row[self.age]) + days for days, _ in known], dtype=pl.Float64)
        return [Variant(None, False, days) for days, _ in known], frame.with_columns(ages)

    def _later(self, row: Row, days: int) -> dict[str, Any] | None:
        """The aggregates after ``days`` without anything; None where they are not known."""
        found = {}
        for feature in self.source.aggregates:
            value = row[feature.name]
            if feature.name.startswith("days_since_"):
                value = None if value is None else value + days
            elif window := WINDOW.search(feature.name):
                value = self._within(feature, row, days, int(window[1]))
                if value is None:
                    return None
            found[feature.name] = np.nan if value is None and not feature.is_category else value
        return found

    def _within(self, feature: Feature, row: Row, days: int, window: int) -> float | None:
        """How much is within a window of days later; None where some of it may have fallen out."""
        newest, oldest, value = row[NEWEST], row[OLDEST], row[feature.name]
        if not value or newest is None or newest + days > window:
            return 0.0
        return value if oldest <= window and oldest + days <= window else None


def _kind(feature: Feature) -> Any:
    return object if feature.is_category else np.float64
