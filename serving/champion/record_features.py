"""From raw rows to features: the code that training ran, on the rows of one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from features.interpreter import ROW_ID
from features.lifecycle_limits import LifecycleLimits
from features.meaning import differences, meanings
from features.one_subject import Columns, Lazy, OneSubject, numpy_type, of_frame
from features.operations import Column, Unsupported
from features.outreach import enrich
from features.own_tables import OwnTable, is_own
from features.several_subjects import SeveralSubjects
from models.few_rows import FEW, Features, FewRows, framed
from serving.champion.own_rows import own_frame
from serving.champion.query_plan import Plans
from serving.champion.record_rows import RecordRows, microseconds

SOURCES = {"outreach": ("campaigns", "contacts", "responses"), "purchases": ("products", "purchases")}


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
    def several(self) -> SeveralSubjects | None:
        """The same of several records in one pass."""
        if self.alone is None:
            return None
        try:
            return SeveralSubjects.of(self.alone, ["as_of", *self._asked_types])
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
        """Return every feature of the groups, one row a question, in their order.

        Each question sees the rows of its own record alone.
        """
        return framed(self.rows(questions))

    def rows(self, questions: Sequence[Question]) -> Features:
        """Return the same, of few questions as plain values."""
        if len(questions) == 1 and self.alone is not None:
            rows = [tuple(self.alone.features(*self._asked(questions[0])).values())]
        elif len(questions) <= FEW and self.several is not None:
            rows = self.several.features(*self._asked_at_once(questions), len(questions))
        else:
            return self.together(questions)
        return FewRows(self._schema, rows, self._places)

    def together(self, questions: Sequence[Question]) -> pl.DataFrame:
        """Return the same by an engine, which takes long for one and no longer for many."""
        found = self.plans.run({"spine": self.spine(questions)} | self._tables(questions))
        order = found.drop_in_place("row_id")
        return found if len(questions) == 1 else found[order.arg_sort()]

    def spine(self, questions: Sequence[Question]) -> pl.DataFrame:
        """Return who is asked about, when, and with which content; each question's subject is its number."""
        subjects = [str(at) for at in range(len(questions))]
        return self._spine(subjects, [q.as_of for q in questions], [q.content for q in questions])

    def content_spine(self, asked: Sequence[tuple[str, Mapping[str, Any]]], as_of: int) -> pl.DataFrame:
        """Return the same for (subject, content) pairs of published subjects."""
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
        content = {name: question.content.get(_content_name(name)) for name in self._asked_types}
        return {"as_of": question.as_of, **content}, self._rows([question])

    def _asked_at_once(self, questions: Sequence[Question]) -> tuple[dict[str, Any], dict[str, Columns]]:
        """The same of several questions, as columns over these and over the rows of all records."""
        spine = {"as_of": Column(np.array([one.as_of for one in questions], dtype=np.int64))}
        for name, kind in self._asked_types.items():
            spine[name] = Column.of([one.content.get(_content_name(name)) for one in questions], kind)
        return spine, self._rows(questions)

    def _rows(self, questions: Sequence[Question]) -> dict[str, Columns]:
        records = [one.record for one in questions]
        rows: dict[str, Columns] = {name: self._columns(name, records) for name in self.sources}
        return rows | {one.stored: _own_columns(one, own_frame(one, records)) for one in self.own}

    def _columns(self, name: str, records: Sequence[BaseModel]) -> Columns:
        rows = RecordRows.of(self.key, name, records)
        return Lazy(lambda column: self._column(name, column, rows))

    def _column(self, name: str, column: str, rows: RecordRows) -> Column:
        own = self.attributes.get(name, {})
        if column in own:
            return Column.of(rows.own_values(column, own[column]), numpy_type(_type(own[column])))
        if column == ROW_ID:
            return Column(rows.owner)
        told, is_time = self._kinds[name][column]
        values = rows.values(column)
        return Column.of(microseconds(values) if is_time else values, told)

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
    def _asked_types(self) -> dict[str, Any]:
        """Numpy's types of what a content is asked about with, by column of the spine."""
        return {f"asked_{name}": numpy_type(kind) for name, kind in self._content().items()}

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
        return {name: self._table(name, records) for name in self.sources} | own

    def _table(self, name: str, records: Sequence[BaseModel]) -> pl.DataFrame:
        own, rows = self.attributes.get(name, {}), RecordRows.of(self.key, name, records)
        if not rows.rows:
            return _nothing(name, tuple(own.items()))
        columns = [
            _series(column, rows.values(column), spec.dtype.type)
            for column, spec in tables.columns(name).items()
        ]
        for column, category in own.items():
            columns.append(pl.Series(column, rows.own_values(column, category), dtype=_type(category)))
        return pl.DataFrame(columns)


def _series(name: str, values: list[Any], kind: Any) -> pl.Series:
    """A column of the contract; times as whole microseconds first, which is ten times as quick."""
    if not isinstance(kind, pl.Datetime):
        return pl.Series(name, values, dtype=kind)
    return pl.Series(name, microseconds(values), dtype=pl.Int64).cast(kind)


def _content_name(asked: str) -> str:
    return asked.removeprefix("asked_")


def _own_columns(table: OwnTable, frame: pl.DataFrame) -> Columns:
    """The columns of a frame, and whose each row is."""
    columns = of_frame(frame)
    return Lazy(
        lambda name: Column(frame[table.key].cast(pl.Int64).to_numpy()) if name == ROW_ID else columns[name]
    )


def _type(category: bool) -> Any:
    return pl.String if category else pl.Float64


@cache
def _nothing(name: str, own: tuple[tuple[str, bool], ...]) -> pl.DataFrame:
    columns = [pl.lit(None, dtype=_type(category)).alias(column) for column, category in own]
    return tables.empty(name).with_columns(*columns)
