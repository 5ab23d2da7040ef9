"""Contacts: who is asked about at sending, and everyone with each of the newest contents now."""

from collections.abc import Sequence

import polars as pl
from pydantic import Field

from features.lifecycle_limits import LifecycleLimits
from models.population import Population, Spine, Tables


class ContactSpine(Spine):
    """Contacts are asked about when they are sent; ``max_rows`` are drawn, seeded, where there are more."""

    max_rows: int = Field(150_000, ge=100)
    max_subjects: int | None = Field(200_000, ge=1_000)
    opened_first: bool = Field(False, description="an answer counts only after the content was opened")
    leave_out: tuple[str, ...] = Field((), description="content types that nobody can answer")


class Contacts(Population):
    """Members and the content that they were sent; now: every member and each of the newest contents."""

    settings = ContactSpine
    question_key, subject = "contact_id", "member_id"
    newest = 3  # contents that are asked about now

    def past(
        self, data: Tables, spine: ContactSpine, limits: LifecycleLimits, seed: int, end: int
    ) -> pl.DataFrame:
        """Ask at the moment of sending, with the content as it is."""
        rows = self._sent(data, spine)
        few = len(rows) <= spine.max_rows
        return rows if few else rows.sample(spine.max_rows, seed=seed).sort("as_of", "contact_id")

    def everybody(self, data: Tables, spine: ContactSpine) -> pl.DataFrame:
        """Return the ``newest`` campaigns and what the first contact of each sent, empty if left out."""
        last = self._newest(data["contacts"])
        return last.join(self._first(self._sent(data, spine)), on="campaign_id", how="left")

    def together(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return the newest of all: whichever it is, it is among the newest where it was sent last."""
        rows = pl.concat(parts)
        first = self._first(rows.drop_nulls("contact_id")).drop("event_time")
        return self._newest(rows.lazy()).join(first, on="campaign_id", how="left")

    def now(self, data: Tables, spine: ContactSpine, moment: int) -> pl.DataFrame:
        """Return every member with each of the ``newest`` contents."""
        people = data["members" if "members" in data else "contacts"].select("member_id").unique().collect()
        content = self._everybody(data, spine).drop_nulls("contact_id")
        content = content.select("campaign_id", pl.selectors.starts_with("asked_"))
        return people.join(content, how="cross").with_columns(as_of=pl.lit(moment, dtype=pl.Int64))

    def _newest(self, rows: pl.LazyFrame) -> pl.DataFrame:
        last = rows.group_by("campaign_id").agg(pl.col("event_time").max()).collect()
        return last.sort("event_time", "campaign_id", descending=True).head(self.newest)

    @staticmethod
    def _first(rows: pl.DataFrame) -> pl.DataFrame:
        ordered = rows.sort("as_of", "contact_id").unique("campaign_id", keep="first", maintain_order=True)
        return ordered.drop("member_id", "arm", strict=False)

    @staticmethod
    def _sent(data: Tables, spine: ContactSpine) -> pl.DataFrame:
        kind, names = pl.col("content_content_type"), data["contacts"].collect_schema().names()
        sent = data["contacts"].filter(~kind.is_in(list(spine.leave_out)) | kind.is_null())
        content = [name for name in names if name.startswith("content_")]
        asked = [pl.col(name).alias(f"asked_{name.removeprefix('content_')}") for name in content]
        rows = sent.select("contact_id", "campaign_id", "member_id", "arm", *asked, as_of="event_time")
        return rows.collect().sort("as_of", "contact_id")
