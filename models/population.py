"""Who is asked about: the moments of the past that a model learns from, and everyone now.

A spine has one row a question: ``as_of`` (seconds, UTC), the key columns, and for a contact the content
asked about (``asked_…``).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from pydantic import Field

from features.feature import DAY
from features.section import Section
from features.timestamps import seconds

Tables = Mapping[str, pl.LazyFrame]


class Spine(Section):
    """Which moments are asked, and what counts as the outcome.

    ``days`` is the length of the outcome window, ``gap`` the days between the as-of moment and
    its start. ``test_start`` is the first as-of moment of the test rows; without it the newest
    ``test_share`` of the period with closed windows is held out.
    """

    days: int = Field(ge=1)
    gap: int = Field(0, ge=0)
    since: date | None = None
    test_start: date | None = None
    test_share: float = Field(0.25, gt=0, lt=1)
    folds: int = Field(3, ge=1)


class Population:
    """Whom a task asks about; each kind of subject is one subclass.

    Attributes
    ----------
    settings
        Type of the task's part of ``spine:`` in params.yaml.
    key
        The column that names a question's subject.
    subject
        The column of the person or lead whose rows belong together.
    """

    settings: type[Spine] = Spine
    key: str
    subject: str

    def past(self, data: Tables, spine: Any, seed: int, end: int) -> pl.DataFrame:
        """Return the questions before ``end`` (seconds), in any order; ``ValueError`` says why none."""
        raise NotImplementedError

    def now(self, data: Tables, spine: Any, moment: int) -> pl.DataFrame:
        """Return everyone who is asked about at ``moment`` (seconds)."""
        raise NotImplementedError


class LeadSpine(Spine):
    """Leads are asked about at creation and again at each age while they are open."""

    ages: tuple[int, ...] = (0, 1, 3, 7, 14)


class OpenLeads(Population):
    """Leads that have not converted, at creation and at each age."""

    settings = LeadSpine
    key = subject = "lead_id"
    worked_days = 90  # a lead so much older than the newest is no longer worked on

    def past(self, data: Tables, spine: LeadSpine, seed: int, end: int) -> pl.DataFrame:
        """Ask one second after the lead became known, so that its own row counts."""
        ages = pl.DataFrame({"age_days": spine.ages})
        created = pl.col("known_time") + 1 + pl.col("age_days") * DAY
        rows = data["leads"].select("lead_id", "known_time").collect().join(ages, how="cross")
        return self._still_open(rows.select("lead_id", as_of=created), data)

    def now(self, data: Tables, spine: LeadSpine, moment: int) -> pl.DataFrame:
        """Return the open leads of the last ``worked_days``."""
        newest = data["leads"].select(pl.col("known_time").max()).collect().item()
        young = data["leads"].filter(pl.col("known_time") >= newest - self.worked_days * DAY)
        rows = young.select("lead_id").collect().with_columns(as_of=pl.lit(moment, dtype=pl.Int64))
        return self._still_open(rows, data)

    @staticmethod
    def _still_open(rows: pl.DataFrame, data: Tables) -> pl.DataFrame:
        """Leads that have not converted before they are asked about."""
        won = data["responses"].filter(pl.col("kind") == "converted", pl.col("lead_id").is_not_null())
        first = won.group_by("lead_id").agg(won_at=pl.col("event_time").min()).collect()
        joined = rows.join(first, on="lead_id", how="left", maintain_order="left")
        is_open = pl.col("won_at").is_null() | (pl.col("won_at") >= pl.col("as_of"))
        return joined.filter(is_open).drop("won_at")


class ContactSpine(Spine):
    """Contacts are asked about when they are sent; ``max_rows`` are drawn, seeded, where there are more."""

    max_rows: int = Field(150_000, ge=100)
    opened_first: bool = Field(False, description="an answer counts only after the content was opened")
    leave_out: tuple[str, ...] = Field((), description="content types that nobody can answer")


class Contacts(Population):
    """Members and the content that they were sent; now: every member and each of the newest contents."""

    settings = ContactSpine
    key, subject = "contact_id", "member_id"
    newest = 3  # contents that are asked about now

    def past(self, data: Tables, spine: ContactSpine, seed: int, end: int) -> pl.DataFrame:
        """Ask at the moment of sending, with the content as it is."""
        rows = self._sent(data, spine)
        few = len(rows) <= spine.max_rows
        return rows if few else rows.sample(spine.max_rows, seed=seed).sort("as_of", "contact_id")

    def now(self, data: Tables, spine: ContactSpine, moment: int) -> pl.DataFrame:
        """Return every member with each of the ``newest`` contents."""
        people = data["members" if "members" in data else "contacts"].select("member_id").unique().collect()
        last = data["contacts"].group_by("campaign_id").agg(pl.col("event_time").max()).collect()
        last = last.sort("event_time", "campaign_id", descending=True).head(self.newest)
        content = self._sent(data, spine).select("campaign_id", pl.selectors.starts_with("asked_"))
        content = content.unique("campaign_id").join(last, on="campaign_id", how="semi")
        return people.join(content, how="cross").with_columns(as_of=pl.lit(moment, dtype=pl.Int64))

    @staticmethod
    def _sent(data: Tables, spine: ContactSpine) -> pl.DataFrame:
        kind, names = pl.col("content_content_type"), data["contacts"].collect_schema().names()
        sent = data["contacts"].filter(~kind.is_in(list(spine.leave_out)) | kind.is_null())
        content = [name for name in names if name.startswith("content_")]
        asked = [pl.col(name).alias(f"asked_{name.removeprefix('content_')}") for name in content]
        rows = sent.select("contact_id", "campaign_id", "member_id", "arm", *asked, as_of="event_time")
        return rows.collect().sort("as_of", "contact_id")


class CutoffSpine(Spine):
    """Members who bought in the last ``active_days`` are asked about at regular cut-offs."""

    active_days: int = Field(365, ge=1)
    every_days: int = Field(30, ge=1)
    cutoffs: int = Field(18, ge=2)


class ActiveMembers(Population):
    """Members who bought in the last ``active_days`` days, at regular cut-offs."""

    settings = CutoffSpine
    key = subject = "member_id"

    def past(self, data: Tables, spine: CutoffSpine, seed: int, end: int) -> pl.DataFrame:
        """Ask at cut-offs ``every_days`` apart, the newest of them the newest whose window is closed.

        Before the first purchase there are none. A given ``test_start`` is one of them.
        """
        sales = self._sales(data)
        first = sales.select(pl.col("known_time").min()).collect().item()
        moments = sorted(moment for moment in self._cutoffs(spine, end) if moment > first)
        if not moments:
            raise ValueError(
                f"no cut-off lies after the first purchase and {spine.gap + spine.days} days before the "
                "extract; shorten `days` of its spine or bring longer data"
            )
        return pl.concat([self._asked(sales, spine, moment) for moment in moments])

    def now(self, data: Tables, spine: CutoffSpine, moment: int) -> pl.DataFrame:
        """Return who is active at ``moment``."""
        return self._asked(self._sales(data), spine, moment)

    def members(self, known: pl.LazyFrame, spine: CutoffSpine, moment: int) -> pl.LazyFrame:
        """Return the ``member_id`` of those asked about, from the sale lines that were known by then."""
        recent = pl.col("event_time") >= moment - spine.active_days * DAY
        return known.filter(recent).select("member_id").unique()

    def _asked(self, sales: pl.LazyFrame, spine: CutoffSpine, moment: int) -> pl.DataFrame:
        found = self.members(sales.filter(pl.col("known_time") < moment), spine, moment)
        return found.with_columns(as_of=pl.lit(moment, dtype=pl.Int64)).collect(engine="streaming")

    @staticmethod
    def _sales(data: Tables) -> pl.LazyFrame:
        columns = ("member_id", "order_id", "event_time", "known_time")
        return data["purchases"].filter(pl.col("kind") == "sale").select(columns)

    @staticmethod
    def _cutoffs(spine: CutoffSpine, end: int) -> list[int]:
        last = (end - (spine.gap + spine.days) * DAY) // DAY * DAY
        if spine.test_start is not None:
            anchor = seconds(spine.test_start)
            last = anchor + (last - anchor) // (spine.every_days * DAY) * spine.every_days * DAY
        return [last - step * spine.every_days * DAY for step in range(spine.cutoffs)]


class GivenSpine(Spine):
    """The window of an outcome that a flat source gives; a day where nothing is said."""

    days: int = Field(1, ge=1)


class GivenSubjects(Population):
    """Subjects of a flat source with their label."""

    settings = GivenSpine
    key = subject = "subject_id"

    def past(self, data: Tables, spine: GivenSpine, seed: int, end: int) -> pl.DataFrame:
        """Ask one second after the row became known."""
        rows = data["subjects"].filter(pl.col("label").is_not_null())
        rows = rows.select("subject_id", pl.col("label").cast(pl.Int8), "arm", as_of=pl.col("known_time") + 1)
        return rows.with_columns(pl.col("arm").fill_null("treat")).collect()

    def now(self, data: Tables, spine: GivenSpine, moment: int) -> pl.DataFrame:
        """Return every subject that is known."""
        known = data["subjects"].filter(pl.col("known_time") < moment).select("subject_id").collect()
        return known.with_columns(as_of=pl.lit(moment, dtype=pl.Int64))
