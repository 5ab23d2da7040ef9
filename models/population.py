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
from pydantic import Field, model_validator

from features.interpreter import Program
from features.lifecycle_limits import LifecycleLimits
from features.operations import Unsupported
from features.section import Section
from models.few_rows import Features, FewRows, framed

Tables = Mapping[str, pl.LazyFrame]
OUTSIDE = "outside_reason"


class Stale(Section):
    """Of which ``share`` of the training rows the newest ``days`` (least and most) are not known."""

    share: float = Field(0.2, gt=0, le=1)
    days: tuple[int, int] = (7, 90)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 1 <= self.days[0] <= self.days[1]:
            raise ValueError(f"days {list(self.days)}: from at least 1 up")
        return self


class Spine(Section):
    """Which moments are asked, and what counts as the outcome.

    ``days`` is the length of the outcome window, ``gap`` the days between the as-of moment and
    its start. ``test_start`` is the first as-of moment of the test rows; without it the newest
    ``test_share`` of the period with closed windows is held out. With ``stale`` a share of the rows that are
    learnt from is asked of tables that stopped being fed before; validation and test rows never are.
    Where there are more than ``max_subjects``, about so many are drawn, by the hash of their ids, and asked
    about; everybody is scored all the same.
    """

    days: int = Field(ge=1)
    gap: int = Field(0, ge=0)
    since: date | None = None
    test_start: date | None = None
    test_share: float = Field(0.25, gt=0, lt=1)
    folds: int = Field(3, ge=1)
    stale: Stale | None = None
    max_subjects: int | None = Field(None, ge=1_000)

    def told(self) -> dict[str, Any]:
        """Return the settings as plain data, without what is off or, of a cap, as usual."""
        usual = type(self).model_fields["max_subjects"].default
        off = {"stale"} if self.stale is None else set()
        off |= {"max_subjects"} if self.max_subjects in (None, usual) else set()
        found: dict[str, Any] = self.model_dump(mode="json", exclude=off)
        return found


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
        """Return the code of the first boundary that each row is outside of; None where it is inside."""
        if not isinstance(rows, FewRows) or self._program is None:
            return self.outside(framed(rows)).to_list()
        program, slots = self._program
        found = (program.run({name: rows.value(at, name) for name in self.reads}) for at in range(len(rows)))
        return [next((code for code, slot in slots if one[slot]), None) for one in found]

    def outside(self, frame: pl.DataFrame) -> pl.Series:
        """Return the same, shape (rows,)."""
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
    """Return the code of the first boundary that each row is outside of, shape (rows,).

    Null where it is inside.
    """
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
