"""Features of several subjects in one pass: ``OneSubject`` for those who are asked about at the same time.

A step of numpy costs the same for one subject's rows as for ten's, so that they are put one after another.
What belongs to a subject, and is a scalar for one, is a column over the subjects here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from features.interpreter import ROW_ID, Program, Slot
from features.one_subject import IS_KNOWN, Columns, Lazy, OneSubject, OverRows, enriched, shaped
from features.operations import AGGREGATES, Column, Operation, Unsupported, Value, listed, taken
from features.segments import BY_SUBJECT, Segments, row_by_row

WHOSE = "whose"  # the input that holds the segments
SUBJECTS, ROWS = 1, 2  # of what a slot holds values
EXTREMES = (AGGREGATES["min"], AGGREGATES["max"])  # of what is the same in all rows: itself


@dataclass(frozen=True)
class SeveralSubjects:
    """The features of groups, prepared once for many turns."""

    over_rows: tuple[OverRows, ...]
    program: Program
    names: tuple[str, ...]

    @classmethod
    def of(cls, one: OneSubject, asked: Collection[str]) -> "SeveralSubjects":
        """Prepare what is known of ``one``; ``asked`` are the columns of the spine, all else is of rows."""
        over_rows = (replace(part, program=planned(part.program, asked)) for part in one.over_rows)
        return cls(tuple(over_rows), one.program, one.names)

    def features(self, spine: Columns, tables: Mapping[str, Columns], subjects: int) -> list[tuple[Any, ...]]:
        """Return every feature, one tuple a subject, in the order of the groups; unknown is None.

        Parameters
        ----------
        spine
            As of ``OneSubject.features``, each a column over the subjects.
        tables
            Likewise, with the rows of all subjects and in ``row_id`` whose each is, by place in the spine;
            ids by which rows find each other differ from subject to subject.
        """
        there = enriched({name: shaped(name, rows) for name, rows in tables.items()})
        inputs = dict(spine)
        with np.errstate(all="ignore"):  # as of scalars, and as engines do
            for one in self.over_rows:
                inputs |= _of_known(one, there[one.table], spine, subjects)
            found = self.program.run(inputs)
        columns = (found[self.program.names[name]] for name in self.names)
        told = (listed(one) if isinstance(one, Column) else [one] * subjects for one in columns)
        return list(zip(*told, strict=True))


def _of_known(one: OverRows, rows: Columns, spine: Columns, subjects: int) -> dict[str, Value]:
    """The features from the rows that were known, null for subjects of whom none was."""
    owner = rows[ROW_ID].values
    known = IS_KNOWN.one("known", Lazy(lambda n: taken(spine[n], owner) if n in spine else rows[n])).values
    places = np.flatnonzero(known)
    if not len(places):
        return dict.fromkeys(one.features)
    owner = owner[places]
    if (owner[1:] < owner[:-1]).any():
        order = np.argsort(owner, kind="stable")
        places, owner = places[order], owner[order]
    whose = Segments.of(owner)
    there = owner[whose.starts]

    def value(name: str) -> Any:
        if name == WHOSE:
            return whose
        return taken(spine[name], there) if name in spine else taken(rows[name], places)

    found = one.program.run(Lazy(value))
    told = {name: found[one.program.names[name]] for name in one.features}
    return told if len(there) == subjects else _placed(told, there, subjects)


def _placed(found: dict[str, Value], there: np.ndarray, subjects: int) -> dict[str, Value]:
    """Values of some subjects among all, null of the others."""
    place, is_there = np.zeros(subjects, dtype=np.int64), np.zeros(subjects, dtype=bool)
    place[there], is_there[there] = np.arange(len(there)), True

    def placed(value: Value) -> Value:
        if value is None:
            return None
        values, valid = taken(value, place)
        return Column(values, is_there if valid is None else valid & is_there)

    return {name: placed(value) for name, value in found.items()}


def _itself(value: Value) -> Value:
    return value


def planned(program: Program, asked: Collection[str]) -> Program:
    """Return a program over one subject's rows for those of several; ``Unsupported`` where it has none.

    The input ``WHOSE`` holds their ``Segments``; ``asked`` are the inputs that belong to subjects.
    """
    return _Planned(program, asked).program()


class _Planned:
    """A program on the way to the rows of several subjects."""

    def __init__(self, program: Program, asked: Collection[str]) -> None:
        self._from = program
        self._slots = [*program.slots, None]
        self._whose = len(program.slots)
        self._level: dict[Slot, int] = {
            slot: SUBJECTS if name in asked else ROWS for name, slot in program.inputs.items()
        }
        self._steps: list[tuple[Slot, Operation, tuple[Slot, ...]]] = []
        self._spread: dict[Slot, Slot] = {}

    def program(self) -> Program:
        """Return it, with all steps."""
        for slot, operation, given in self._from.steps:
            self._plan(slot, operation, given)
        inputs = self._from.inputs | {WHOSE: self._whose}
        return Program(self._slots, inputs, self._steps, self._from.names)

    def _plan(self, slot: Slot, operation: Operation, given: tuple[Slot, ...]) -> None:
        level = max((self._level.get(one, 0) for one in given), default=0)
        window = row_by_row(operation)
        if level != ROWS and operation in EXTREMES:
            operation = _itself
        elif operation in BY_SUBJECT or window is not None:
            if level != ROWS:
                raise Unsupported("an aggregate of what belongs to subjects")
            level = ROWS if window is not None else SUBJECTS
            operation, given = window or BY_SUBJECT[operation], (self._whose, *given)
        elif level == ROWS:
            given = tuple(self._over_rows(one) for one in given)
        self._level[slot] = level
        self._steps.append((slot, operation, given))

    def _over_rows(self, slot: Slot) -> Slot:
        """The slot of the same once for each row."""
        if self._level.get(slot) != SUBJECTS:
            return slot
        if slot not in self._spread:
            self._spread[slot] = len(self._slots)
            self._slots.append(None)
            self._steps.append((self._spread[slot], Segments.spread, (self._whose, slot)))
        return self._spread[slot]
