"""Subjects of a flat source, which come with their outcome."""

from collections.abc import Sequence

import polars as pl
from pydantic import Field

from features.lifecycle_limits import LifecycleLimits
from models.population import Population, Spine, Tables


class GivenSpine(Spine):
    """The window of an outcome that a flat source gives; a day where nothing is said."""

    days: int = Field(1, ge=1)
    dated: bool = Field(
        True, description="false: no row says when it was; the order of the rows means nothing"
    )


class GivenSubjects(Population):
    """Subjects of a flat source with their label."""

    settings = GivenSpine
    question_key = subject = "subject_id"

    def everybody(self, data: Tables, spine: GivenSpine) -> pl.DataFrame:
        """Return those who are drawn as a whole, where no row says when it was, and their newest moment."""
        return pl.DataFrame() if spine.dated else self._order(self._labelled(data))

    def together(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return all of them in order; where rows have dates, nothing."""
        rows = pl.concat(parts)
        return rows.sort(self.subject) if rows.width else rows

    def past(
        self, data: Tables, spine: GivenSpine, limits: LifecycleLimits, seed: int, end: int
    ) -> pl.DataFrame:
        """Ask one second after the row became known; without dates all of them, in random order."""
        found = self._labelled(data)
        return found if spine.dated else self._shuffled(found, self._everybody(data, spine), seed)

    def _labelled(self, data: Tables) -> pl.DataFrame:
        rows = data["subjects"].filter(pl.col("label").is_not_null())
        rows = rows.select("subject_id", pl.col("label").cast(pl.Int8), "arm", as_of=pl.col("known_time") + 1)
        return rows.with_columns(pl.col("arm").fill_null("treat")).collect()

    def _order(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.group_by(self.subject).agg(newest=pl.col("as_of").max()).sort(self.subject)

    def _shuffled(self, rows: pl.DataFrame, everybody: pl.DataFrame, seed: int) -> pl.DataFrame:
        """``rows`` asked two seconds apart by subject, in random order, after the newest ``as_of``."""
        place = everybody.select(self.subject, place=pl.int_range(pl.len()).shuffle(seed))
        asked = pl.lit(everybody["newest"].max(), dtype=pl.Int64) + 2 * pl.col("place")
        joined = rows.join(place, on=self.subject, how="left", maintain_order="left")
        return joined.with_columns(as_of=asked).drop("place")

    def now(self, data: Tables, spine: GivenSpine, moment: int) -> pl.DataFrame:
        """Return every subject that is known."""
        known = data["subjects"].filter(pl.col("known_time") < moment).select("subject_id").collect()
        return known.with_columns(as_of=pl.lit(moment, dtype=pl.Int64))
