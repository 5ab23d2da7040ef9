"""From raw rows to features: the code that training ran, on the rows of one request."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import numpy as np
import polars as pl
from pydantic import BaseModel

from features import catalog, tables
from features.compute import compute
from features.feature import Group
from features.fingerprint import fingerprints
from features.groups.own import own_groups
from features.lifecycle_limits import LifecycleLimits
from features.meaning import differences, meanings
from features.one_subject import Columns, Lazy, OneSubject, numpy_type, of_frame
from features.operations import Column, Unsupported
from features.outreach import enrich
from features.own_tables import OwnTable, is_own
from models.few_rows import Features, FewRows, framed
from serving.champion.own_rows import own_frame
from serving.champion.query_plan import Plans

SOURCES = {"outreach": ("campaigns", "contacts", "responses"), "purchases": ("products", "purchases")}
ALONE = 4  # questions that take less time one by one than together
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
SHARED_IDS = ("product_id", "campaign_id")  # ids by which rows of one record find each other


@dataclass(frozen=True)
class Question:
    """One record, the moment asked about (seconds, UTC) and the content asked about."""

    record: BaseModel
    as_of: int
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordFeatures:
    """Computes the features of one model from raw rows.

    Parameters
    ----------
    key
        The column that joins rows to the subject: ``lead_id`` or ``member_id``.
    groups
        The feature groups of the model, the brand's own attributes included.
    attributes
        For each table its ``x_`` columns that the model knows, and whether each is a category.
    own
        The brand's own tables that the model reads.
    """

    key: str
    groups: tuple[Group, ...]
    attributes: Mapping[str, Mapping[str, bool]]
    own: tuple[OwnTable, ...] = ()

    @cached_property
    def plans(self) -> Plans:
        """From completed tables to features, prepared."""
        return Plans(self._build)

    def _build(self, lazy: dict[str, Any]) -> pl.LazyFrame:
        """As ingest finishes tables, and as training computes features."""
        spine = lazy.pop("spine")
        done = {name: tables.shaped(name, frame) for name, frame in lazy.items()}
        return compute(spine, enrich(done), self.groups)

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> "RecordFeatures":
        """Prepare a released model's features; ``ValueError`` names those computed otherwise here."""
        known, attributes = {group.name: group for group in catalog.GROUPS}, card["own"]
        groups = tuple(known[name] for name in card["groups"] if name in known)
        there = {group.table for group in groups if group.table} | set(attributes)
        kinds = {name: attributes.get(name, {}) for name in there}
        groups = catalog.available(groups, kinds, LifecycleLimits.model_validate(card["lifecycle"]))
        own = tuple(OwnTable.model_validate(one) for one in card.get("own_tables", ()))
        key = "lead_id" if card["key"] == "lead_id" else "member_id"
        groups += own_groups(own, [key])
        if told := differences(meanings(card["features"]), fingerprints(groups)):
            raise ValueError(f"features that the model learnt, in this code: {told}")
        return cls(key, groups, attributes, own)

    @property
    def sources(self) -> tuple[str, ...]:
        """The tables of the contract that the model reads."""
        read = [name for group in self.groups for name in group.reads if not is_own(name)]
        wanted = [SOURCES.get(name, (name,)) for name in read]
        return tuple(dict.fromkeys(name for names in wanted for name in names))

    @cached_property
    def alone(self) -> OneSubject | None:
        """The features of one record without an engine; None where these groups need one."""
        try:
            return OneSubject.of(self.groups)
        except Unsupported:
            return None

    @cached_property
    def _schema(self) -> dict[str, Any]:
        """Names and types of the features, in the order of the groups."""
        every = catalog.features(self.groups)
        return {feature.name: pl.String if feature.is_category else pl.Float64 for feature in every}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: at for at, name in enumerate(self._schema)}

    def features(self, questions: Sequence[Question]) -> pl.DataFrame:
        """Every feature of the groups, one row a question, in their order.

        Each question sees the rows of its own record alone.
        """
        return framed(self.rows(questions))

    def rows(self, questions: Sequence[Question]) -> Features:
        """The same, of few questions as plain values."""
        alone = self.alone
        if alone is not None and len(questions) <= ALONE and not any(map(self._is_carried, questions)):
            rows = [tuple(alone.features(*self._asked(one)).values()) for one in questions]
            return FewRows(self._schema, rows, self._places)
        return self.together(questions)

    def together(self, questions: Sequence[Question]) -> pl.DataFrame:
        """The same by an engine, which takes long for one and no longer for many."""
        found = self.plans.run({"spine": self.spine(questions)} | self._tables(questions))
        order = found.drop_in_place("row_id")
        return found if len(questions) == 1 else found[order.arg_sort()]

    def spine(self, questions: Sequence[Question]) -> pl.DataFrame:
        """Who is asked about, when, and with which content; each question's subject is its number."""
        subjects = [str(at) for at in range(len(questions))]
        return self._spine(subjects, [q.as_of for q in questions], [q.content for q in questions])

    def content_spine(self, asked: Sequence[tuple[str, Mapping[str, Any]]], as_of: int) -> pl.DataFrame:
        """The same for (subject, content) pairs of published subjects."""
        subjects, contents = [subject for subject, _ in asked], [content for _, content in asked]
        return self._spine(subjects, [as_of] * len(asked), contents)

    def _spine(
        self, subjects: Sequence[str], as_of: Sequence[int], contents: Sequence[Mapping[str, Any]]
    ) -> pl.DataFrame:
        columns: dict[str, Any] = {"row_id": range(len(subjects)), self.key: subjects, "as_of": as_of}
        schema: dict[str, Any] = {"row_id": pl.Int64, self.key: pl.String, "as_of": pl.Int64}
        for name, kind in self._content().items():
            columns[f"asked_{name}"] = [content.get(name) for content in contents]
            schema[f"asked_{name}"] = kind
        return pl.DataFrame(columns, schema=schema)

    def _asked(self, question: Question) -> tuple[dict[str, Any], dict[str, Columns]]:
        """The moment and the content asked about, and the rows of the record by table."""
        content = {f"asked_{name}": question.content.get(name) for name in self._contents}
        rows: dict[str, Columns] = {name: self._columns(name, question) for name in self.sources}
        rows |= {one.stored: of_frame(own_frame(one, [question.record])) for one in self.own}
        return {"as_of": question.as_of, **content}, rows

    def _columns(self, name: str, question: Question) -> Columns:
        rows = getattr(question.record, name)
        return Lazy(lambda column: self._column(name, column, rows))

    def _column(self, name: str, column: str, rows: Sequence[BaseModel]) -> Column:
        own = self.attributes.get(name, {})
        if column in own:
            values = [own_value(row, column, own[column]) for row in rows]
            return Column.of(values, numpy_type(_type(own[column])))
        if column == self.key:
            return Column(np.full(len(rows), "0", dtype=object))
        values = [getattr(row, column) for row in rows]
        told, is_time = self._kinds[name][column]
        return Column.of(_microseconds(values) if is_time else values, told)

    def _is_carried(self, question: Question) -> bool:
        """Whether empty cells of a member's rows are to be filled from rows before."""
        rows = getattr(question.record, "members", ()) if "members" in self.sources else ()
        return len(rows) > 1 and any(
            None in values and any(value is not None for value in values)
            for values in ([getattr(row, name, None) for row in rows] for name in self._carryable)
        )

    @cached_property
    def _kinds(self) -> dict[str, dict[str, tuple[Any, bool]]]:
        """For the columns of each table numpy's types, and whether they are times."""
        return {
            name: {
                column: (numpy_type(spec.dtype.type), isinstance(spec.dtype.type, pl.Datetime))
                for column, spec in tables.columns(name).items()
            }
            for name in self.sources
        }

    @cached_property
    def _carryable(self) -> tuple[str, ...]:
        return (*tables.columns("members"), *self.attributes.get("members", ()))

    @cached_property
    def _contents(self) -> tuple[str, ...]:
        return tuple(self._content())

    def _content(self) -> dict[str, Any]:
        known = tables.columns("campaigns")
        own = self.attributes.get("campaigns", {})
        return {name: known[name].dtype.type for name in tables.CONTENT} | {
            name: _type(category) for name, category in own.items()
        }

    def _tables(self, questions: Sequence[Question]) -> dict[str, pl.DataFrame]:
        """The rows of all records, by table."""
        records = [question.record for question in questions]
        own = {one.stored: own_frame(one, records) for one in self.own}
        return {name: self._table(name, questions) for name in self.sources} | own

    def _table(self, name: str, questions: Sequence[Question]) -> pl.DataFrame:
        own = self.attributes.get(name, {})
        rows = [(at, row) for at, q in enumerate(questions) for row in getattr(q.record, name)]
        if not rows:
            return _nothing(name, tuple(own.items()))
        columns = [
            _series(column, list(self._values(column, rows)), spec.dtype.type)
            for column, spec in tables.columns(name).items()
        ]
        for column, category in own.items():
            values = [own_value(row, column, category) for _, row in rows]
            columns.append(pl.Series(column, values, dtype=_type(category)))
        frame = pl.DataFrame(columns)
        changes = name == "members" and len({at for at, _ in rows}) < len(rows)
        return _carried(frame) if changes else frame

    def _values(self, column: str, rows: Sequence[tuple[int, BaseModel]]) -> Iterator[Any]:
        if column == self.key:
            return (str(at) for at, _ in rows)
        if column in SHARED_IDS:  # so that no record finds a product or campaign of another
            return ((v := getattr(row, column)) and f"{at}:{v}" for at, row in rows)
        return (getattr(row, column) for _, row in rows)


def _series(name: str, values: list[Any], kind: Any) -> pl.Series:
    """A column of the contract; times as whole microseconds first, which is ten times as quick."""
    if not isinstance(kind, pl.Datetime):
        return pl.Series(name, values, dtype=kind)
    return pl.Series(name, _microseconds(values), dtype=pl.Int64).cast(kind)


def _microseconds(values: Iterable[datetime | None]) -> list[int | None]:
    return [None if value is None else (value - EPOCH) // MICROSECOND for value in values]


def _type(category: bool) -> Any:
    return pl.String if category else pl.Float64


@cache
def _nothing(name: str, own: tuple[tuple[str, bool], ...]) -> pl.DataFrame:
    columns = [pl.lit(None, dtype=_type(category)).alias(column) for column, category in own]
    return tables.empty(name).with_columns(*columns)


def _carried(members: pl.DataFrame) -> pl.DataFrame:
    """What depends on several rows of a member and so is no part of a plan; one row each needs nothing."""
    return tables.complete("members", members).select(members.columns)


def own_value(row: BaseModel, column: str, category: bool) -> Any:
    """The value of an own attribute; ``ValueError`` where the model knows another kind of value."""
    value = (row.model_extra or {}).get(column)
    if value is None:
        return None
    if category and isinstance(value, str | bool):
        return str(value).lower() if isinstance(value, bool) else value  # as truth values read in files
    if not category and isinstance(value, int | float) and abs(value) <= 1e15:
        return float(value)
    raise ValueError("must be a text or a truth value" if category else "must be a number up to 1e15")
