"""Features of one subject at one moment from its own rows: ``compute``, for a request.

The expressions are those of the groups and of ``tables``; only joins by id are said anew, as look-ups.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from features import outreach, tables
from features.compute import AGE, KNOWN, aggregates, filled, made_of_rows, plain, sources
from features.cumulative import CumulativeGroup
from features.feature import Feature, Group
from features.interpreter import Program
from features.masks import SharedMasks
from features.operations import Column, Unsupported, Value, coalesce, listed, taken

Columns = Mapping[str, Value]


class Lazy(dict[str, Value]):
    """Columns by name, each made when it is first asked for."""

    def __init__(self, make: Callable[[str], Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> Value:
        found = self[name] = self._make(name)
        return found


def of_frame(frame: pl.DataFrame) -> Columns:
    """Return the columns of a frame with one subject's rows."""
    kinds = {name: numpy_type(dtype) for name, dtype in frame.schema.items()}
    return Lazy(lambda name: Column.of(frame[name].to_physical().to_list(), kinds[name]))


@cache
def numpy_type(dtype: Any) -> Any:
    """Return numpy's type of a type of Polars; times are whole microseconds."""
    if dtype == pl.String:
        return object
    return bool if dtype == pl.Boolean else np.float64 if dtype.is_float() else np.int64


@dataclass(frozen=True)
class OverRows:
    """What is computed over the rows of one table, and the names of the features among it."""

    table: str
    program: Program
    features: tuple[str, ...]

    @classmethod
    def of(cls, table: str, groups: Iterable[Group]) -> "OverRows":
        """Take the groups over one table apart."""
        groups, program, shared = tuple(groups), Program(), SharedMasks()
        told = aggregates(groups, shared)
        for step in ({"age": AGE}, made_of_rows(groups), *shared.steps()):
            for name, expr in step.items():
                program.add(name, expr)
        names = tuple(feature.name for group in groups for feature, _ in group.expanded())
        rows = program.names.copy()
        for name, expr in zip(names, told, strict=True):  # all are computed at once: none reads another
            slot = program.expression(expr)
            rows[name] = slot
        return cls(table, replace(program, names=rows), names)

    def of_known(self, rows: Columns, spine: Columns) -> dict[str, Value]:
        """Return the features from the rows that were known, null where none was."""
        every = Lazy(lambda name: spine[name] if name in spine else rows[name])
        known = IS_KNOWN.one("known", every).values
        if not known.any():
            return dict.fromkeys(self.features)
        asked = every if known.all() else Lazy(lambda name: taken(every[name], known))
        found = self.program.run(asked)
        return {name: found[self.program.names[name]] for name in self.features}


@dataclass(frozen=True)
class OneSubject:
    """The features of groups, prepared once for many subjects."""

    over_rows: tuple[OverRows, ...]
    program: Program
    names: tuple[str, ...]

    @classmethod
    def of(cls, groups: Iterable[Group]) -> "OneSubject":
        """Take all groups apart.

        ``Unsupported`` where an expression is not among those that are known here, and for rows that
        subjects share: then an engine computes them.
        """
        groups, program = tuple(groups), Program()
        if any(isinstance(group, CumulativeGroup) for group in groups):
            raise Unsupported("rows that subjects share")
        for group in groups:
            for feature, _ in group.expanded():
                value = plain(feature) if group.table is None else nw.col(feature.name)
                program.add(feature.name, filled(_exact(feature), value))
        for group in groups:
            for feature in group.derived:
                program.add(feature.name, filled(_exact(feature), plain(feature)))
        over_rows = tuple(OverRows.of(table, sharing) for (table, _), sharing in sources(groups).items())
        return cls(over_rows, program, tuple(f.name for group in groups for f in group.columns()))

    def features(self, spine: Columns, tables: Mapping[str, Columns]) -> dict[str, Value]:
        """Return every feature of one subject, in the order of the groups; unknown is None.

        Parameters
        ----------
        spine
            ``as_of`` (seconds, UTC) and what else is asked, each a scalar.
        tables
            The subject's own rows by table, shared tables with what these name, as sources have them: times
            in whole microseconds.
        """
        there = enriched({name: shaped(name, rows) for name, rows in tables.items()})
        inputs = dict(spine)
        with np.errstate(all="ignore"):  # as engines do
            for one in self.over_rows:
                inputs |= one.of_known(there[one.table], spine)
            found = self.program.run(inputs)
        return {name: found[self.program.names[name]] for name in self.names}


def _exact(feature: Feature) -> Feature:
    """With the type that an engine gives what stands in the place of null."""
    return feature if feature.empty is None else replace(feature, empty=float(feature.empty))


def shaped(table: str, raw: Columns) -> Columns:
    """Return the columns of a table and what is made of them, as ``tables.shaped`` does."""
    made = _made(table)
    return Lazy(lambda name: made[name].one(name, raw) if name in made else raw[name])


@cache
def _made(table: str) -> Mapping[str, Program]:
    return _programs(tables.made(table))


def _programs(expressions: Mapping[str, nw.Expr]) -> Mapping[str, Program]:
    found = {name: Program() for name in expressions}
    for name, program in found.items():
        program.add(name, expressions[name])
    return found


IS_KNOWN, KINDS = _programs({"known": KNOWN})["known"], _programs(outreach.KINDS)


def enriched(there: Mapping[str, Columns]) -> Mapping[str, Columns]:
    """Add categories to purchases, and contents to what was sent and answered,
    as ``outreach.enrich`` does.
    """
    found = dict(there)
    if "purchases" in there and "products" in there:
        found["purchases"] = Lazy(lambda name: _purchases(name, there["purchases"], there["products"]))
    if "contacts" in there or "responses" in there:
        parts = [_outreach(name, there[name]) for name in KINDS if name in there]
        rows = Lazy(lambda name: _joined([part[name] for part in parts]))
        found["outreach"] = Lazy(lambda name: _content(name, rows, there["campaigns"]))
    return found


def _purchases(name: str, rows: Columns, products: Columns) -> Value:
    if name != "category":
        return rows[name]
    return coalesce(rows[name], looked_up(rows["product_id"], products["product_id"], products[name]))


def _outreach(table: str, rows: Columns) -> Columns:
    def made(name: str) -> Value:
        return KINDS[table].one(table, rows) if name == "kind" else rows[name]

    is_members = rows["member_id"].valid
    return Lazy(made) if is_members is None else Lazy(lambda name: taken(made(name), is_members))


def _content(name: str, rows: Columns, campaigns: Columns) -> Value:
    column = name.removeprefix("content_")
    if column == name:
        return rows[name]
    return looked_up(rows["campaign_id"], campaigns["campaign_id"], campaigns[column])


def looked_up(ids: Column, known: Column, values: Column) -> Column:
    """Return for each id the value that stands beside it among the ``known`` ones, else null."""
    beside = dict(zip(listed(known), listed(values), strict=True))
    beside.pop(None, None)  # null is no id
    return Column.of([beside.get(one) for one in listed(ids)], values.values.dtype)


def _joined(parts: Sequence[Column]) -> Column:
    """The rows of all parts, one after another."""
    values = np.concatenate([part.values for part in parts])
    if all(part.valid is None for part in parts):
        return Column(values)
    valid = [np.ones(len(one.values), dtype=bool) if one.valid is None else one.valid for one in parts]
    return Column(values, np.concatenate(valid))
