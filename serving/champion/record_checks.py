"""What the models of single rows cannot see of a record: ids that stand twice, signs, unknown attributes."""

from collections.abc import Container, Iterable, Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from features import tables
from serving.champion.own_rows import own_faults, unknown_own
from serving.champion.record_features import RecordFeatures
from serving.champion.record_rows import own_value
from serving.contract.problems import NAME, Fault, Problem, pointer
from serving.contract.schema_record import having

# The codes of `check`, and of a word about consent that lies ahead.
BEYOND_SCHEMA = frozenset(("second_subject", "duplicate", "wrong_sign", "wrong_type", "ahead"))


def unknown_attributes(
    reader: RecordFeatures, record: BaseModel | None, content: BaseModel | None = None
) -> list[str]:
    """Return own attributes that were sent and that the model does not know, as ``table.name``, 20 at most.

    Those of a content come as ``campaign.name``. What does not look like a name could be a value in a
    name's place and is not told.
    """
    known = reader.attributes
    found = {f"campaign.{name}" for name in _unknown([content], known.get("campaigns", {}))}
    for table in tables.EXTENSIBLE:
        rows = getattr(record, table, ())
        found |= {f"{table}.{name}" for name in _unknown(rows, known.get(table, {}))}
    found.update(() if record is None else unknown_own(reader.own, record))
    return sorted(found)[:20]


def _unknown(rows: Iterable[BaseModel | None], known: Container[str]) -> Iterator[str]:
    for row in rows:
        for name in (None if row is None else row.model_extra) or {}:
            if name not in known:
                yield name if NAME.fullmatch(name) else "?"


def check(reader: RecordFeatures, record: BaseModel, place: tuple[str | int, ...] = ("record",)) -> None:
    """Check what the models of single rows cannot see; ``Problem`` with a pointer to every place."""
    faults = [*_duplicates(record, place), *_returns(record, place), *_attributes(reader, record, place)]
    faults += own_faults(reader.own, record, place)
    if faults:
        raise Problem("validation_failed", "The record does not follow the contract.", faults)


@cache
def _unique() -> tuple[tuple[str, str], ...]:
    """Tables and their columns in which no id stands twice."""
    return tuple((t, name) for t in tables.TABLES for name, spec in tables.columns(t).items() if spec.unique)


def _duplicates(record: BaseModel, place: tuple[str | int, ...]) -> Iterator[Fault]:
    """Ids that are unique in their table, and a second subject among the rows."""
    for table, column in _unique():
        ids = [getattr(row, column) for row in getattr(record, table, ())]
        if len(set(ids)) == len(ids):
            continue
        first = {one: at for at, one in reversed([*enumerate(ids)])}
        for at, one in enumerate(ids):
            if first[one] < at:
                yield Fault(pointer(*place, table, at, column), "duplicate", "stands twice in the table")
    for key in ("member_id", "lead_id"):
        yield from _second_subject(record, key, place)


def _second_subject(record: BaseModel, key: str, place: tuple[str | int, ...]) -> Iterator[Fault]:
    ids = {t: [getattr(row, key) for row in getattr(record, t, ())] for t in having(key)}
    named = [one for found in ids.values() for one in found if one is not None]
    if len(set(named)) < 2:
        return
    for table, found in ids.items():
        for at, one in enumerate(found):
            if one is not None and one != named[0]:
                detail = "a record holds the rows of one subject"
                yield Fault(pointer(*place, table, at, key), "second_subject", detail)


def _returns(record: BaseModel, place: tuple[str | int, ...]) -> Iterator[Fault]:
    for at, row in enumerate(getattr(record, "purchases", [])):
        if (row.quantity < 0) != (row.kind == "return"):
            detail = "is negative for returns and positive for sales"
            yield Fault(pointer(*place, "purchases", at, "quantity"), "wrong_sign", detail)


def content(reader: RecordFeatures, row: BaseModel) -> dict[str, Any]:
    """Return a content that was sent, own attributes as the model learnt them.

    ``Problem`` with a pointer to every one of another kind.
    """
    found, faults = dict(row.__dict__), []
    for column, category in reader.attributes.get("campaigns", {}).items():
        try:
            found[column] = own_value(row, column, category)
        except ValueError as error:
            faults.append(Fault(pointer("campaign", column), "wrong_type", str(error)))
    if faults:
        raise Problem("validation_failed", "The content does not follow the contract.", faults)
    return found


def _attributes(reader: RecordFeatures, record: BaseModel, place: tuple[str | int, ...]) -> Iterator[Fault]:
    for table, own in reader.attributes.items():
        for at, row in enumerate(getattr(record, table, [])):
            for column, category in own.items():
                try:
                    own_value(row, column, category)
                except ValueError as error:
                    yield Fault(pointer(*place, table, at, column), "wrong_type", str(error))
