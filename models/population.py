"""Who is asked about: the moments of the past that a model learns from, and everyone now.

A spine has one row a question: ``as_of`` (seconds, UTC), the key columns, and for a contact the content
asked about (``asked_…``). Whom a task is about is said by boundaries over features, so that the same holds
where a model learns, where it is tested, in the nightly batch and in every answer.
"""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self

import narwhals as nw
import polars as pl
from pydantic import Field

from features.feature import DAY
from features.interpreter import Program
from features.lifecycle_limits import LifecycleLimits
from features.operations import Unsupported
from features.section import Section
from models.few_rows import Features, FewRows, framed

Tables = Mapping[str, pl.LazyFrame]
OUTSIDE = "outside_reason"
AT_ONCE = 0.01  # days: a question is asked a second after the age that it is about


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


@dataclass(frozen=True)
class Boundary:
    """Whom a task is not about: a condition over features, and why in words.

    Parameters
    ----------
    code
        Stable name of the reason, as answers tell it.
    reads
        The features that the condition reads.
    outside
        True for those who are outside; unknown is inside. In narwhals, as features are, a few rows are judged
        without an engine.
    en, zh
        Whom it leaves out, as the end of "not scored: …".
    """

    code: str
    reads: tuple[str, ...]
    outside: nw.Expr | pl.Expr
    en: str
    zh: str


@dataclass(frozen=True)
class Boundaries:
    """Whom a task is not about, in the order in which the reasons are told; prepared for many questions."""

    each: tuple[Boundary, ...]

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The features that the conditions read."""
        return tuple(dict.fromkeys(name for boundary in self.each for name in boundary.reads))

    @cached_property
    def _program(self) -> tuple[Program, list[tuple[str, int]]] | None:
        """The conditions without an engine, and the slot of each code; None where one of them needs one."""
        program = Program()
        try:
            return program, [(one.code, program.expression(one.outside)) for one in self.each]
        except Unsupported:
            return None

    def codes(self, rows: Features) -> list[str | None]:
        """The code of the first boundary that each row is outside of; None where it is inside."""
        if not isinstance(rows, FewRows) or self._program is None:
            return self.outside(framed(rows)).to_list()
        program, slots = self._program
        found = (program.run({name: rows.value(at, name) for name in self.reads}) for at in range(len(rows)))
        return [next((code for code, slot in slots if one[slot]), None) for one in found]

    def outside(self, frame: pl.DataFrame) -> pl.Series:
        """The same, shape (rows,)."""
        code = pl.Series(OUTSIDE, [None] * len(frame), dtype=pl.String)
        for boundary in reversed(self.each):
            told = pl.Series(OUTSIDE, [boundary.code], dtype=pl.String)
            code = told.zip_with(_holds(frame, boundary).fill_null(False), code)
        return code


def _holds(frame: pl.DataFrame, boundary: Boundary) -> pl.Series:
    """Where the condition of a boundary holds, under the boundary's code."""
    condition = boundary.outside
    if isinstance(condition, pl.Expr):
        return frame.select(condition.alias(boundary.code)).to_series()
    return (
        nw.from_native(frame, eager_only=True).select(condition.alias(boundary.code)).to_native().to_series()
    )


def outside(frame: pl.DataFrame, boundaries: Sequence[Boundary]) -> pl.Series:
    """The code of the first boundary that each row is outside of, shape (rows,); null where it is inside."""
    return Boundaries(tuple(boundaries)).outside(frame)


class Population:
    """Whom a task asks about; each kind of subject is one subclass.

    Attributes
    ----------
    settings
        Type of the task's part of ``spine:`` in params.yaml.
    question_key
        The column that names a question's subject.
    subject
        The column of the person or lead whose rows belong together.
    known
        What ``everybody`` has found in all tables, where ``past`` and ``now`` see the rows of some subjects
        only; None where they see all.
    """

    settings: type[Spine] = Spine
    question_key: str
    subject: str
    known: pl.DataFrame | None = None

    def everybody(self, data: Tables, spine: Any) -> pl.DataFrame:
        """Return, in a few rows, what ``past`` and ``now`` have to know of all subjects at once."""
        return pl.DataFrame()

    def together(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return what holds of everybody, from ``everybody`` of parts of the subjects, one or more."""
        return parts[0]

    def among(self, everybody: pl.DataFrame) -> Self:
        """Return the same population for tables that hold some of its subjects."""
        found = copy(self)
        found.known = everybody
        return found

    def _everybody(self, data: Tables, spine: Any) -> pl.DataFrame:
        return self.everybody(data, spine) if self.known is None else self.known

    def past(self, data: Tables, spine: Any, limits: LifecycleLimits, seed: int, end: int) -> pl.DataFrame:
        """Return the questions before ``end`` (seconds), in any order; ``ValueError`` says why none.

        None of them lies outside of the boundaries. A column ``label`` stands for the task's outcome.
        """
        raise NotImplementedError

    def now(self, data: Tables, spine: Any, moment: int) -> pl.DataFrame:
        """Return everyone who may be asked about at ``moment`` (seconds), whoever lies outside included."""
        raise NotImplementedError

    def boundaries(
        self, spine: Any, limits: LifecycleLimits, features: Collection[str]
    ) -> tuple[Boundary, ...]:
        """Return whom the task is not about, in the order in which the reasons are told.

        ``features`` are the names of those that the source feeds.
        """
        return ()


class LeadSpine(Spine):
    """Leads are asked about at creation and again at each age while they are open."""

    ages: tuple[int, ...] = Field((0, 1, 3, 7, 14, 21, 30), min_length=1)


class OpenLeads(Population):
    """Leads that have not converted, at creation and at each age, up to the oldest age that was learnt."""

    settings = LeadSpine
    question_key = subject = "lead_id"
    worked_days = 90  # a lead so much older than the newest is no longer worked on

    def boundaries(
        self, spine: LeadSpine, limits: LifecycleLimits, features: Collection[str]
    ) -> tuple[Boundary, ...]:
        """Return the ages that nothing was learnt of."""
        age, oldest = nw.col("lead_age_days"), max(spine.ages)
        young = Boundary(
            "not_created", ("lead_age_days",), age.is_null(),
            "the lead did not exist yet at the moment asked about", "在评分时点该线索尚未创建",
        )  # fmt: skip
        old = Boundary(
            "too_old", ("lead_age_days",), age > oldest + AT_ONCE,
            f"the lead is older than {oldest} days", f"线索创建已超过 {oldest} 天",
        )  # fmt: skip
        return young, old

    def past(
        self, data: Tables, spine: LeadSpine, limits: LifecycleLimits, seed: int, end: int
    ) -> pl.DataFrame:
        """Ask one second after the lead became known, so that its own row counts."""
        ages = pl.DataFrame({"age_days": spine.ages})
        created = pl.col("known_time") + 1 + pl.col("age_days") * DAY
        rows = data["leads"].select("lead_id", "known_time").collect().join(ages, how="cross")
        return self.still_open(rows.select("lead_id", as_of=created), data)

    def everybody(self, data: Tables, spine: LeadSpine) -> pl.DataFrame:
        """Return when the ``newest`` lead became known."""
        return data["leads"].select(newest=pl.col("known_time").max()).collect()

    def together(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return the newest of all."""
        return pl.concat(parts).select(pl.col("newest").max())

    def now(self, data: Tables, spine: LeadSpine, moment: int) -> pl.DataFrame:
        """Return the open leads of the last ``worked_days``."""
        newest = self._everybody(data, spine)["newest"].item()
        young = data["leads"].filter(pl.col("known_time") >= newest - self.worked_days * DAY)
        rows = young.select("lead_id").collect().with_columns(as_of=pl.lit(moment, dtype=pl.Int64))
        return self.still_open(rows, data)

    @staticmethod
    def still_open(rows: pl.DataFrame, data: Tables) -> pl.DataFrame:
        """Return the ``rows`` of leads that have not converted before they are asked about."""
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
