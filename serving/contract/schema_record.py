"""Raw member-data rows as a caller sends them: pydantic models made from the contract."""

import re
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)

from features import tables
from features.plain_text import LONGEST as LONGEST_TEXT
from serving.contract.personal_refs import reference

MAX_ROWS = 5_000  # a table and record; with the bounds below no sum leaves 64 bits
LARGEST = {"quantity": 1_000_000}
LARGEST_INTEGER = 1_000_000_000
OWN_IDS = ("member_id", "lead_id")  # all rows of a record are the subject's: no need to repeat its id
LEFT_OUT = ("identities",)  # accounts are bound at ingest; features never read them
SENT = tuple(table for table in (*tables.TABLES, *tables.FURTHER) if table not in LEFT_OUT)
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
LONGEST = 200  # characters of a text
OWN_VALUE: Any = {"type": ["string", "number", "boolean", "null"], "maxLength": LONGEST}
OWN_CELL: Any = OWN_VALUE | {"maxLength": LONGEST_TEXT}  # free texts too


def _time(value: object) -> object:
    if value is None or isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not TIME.fullmatch(value):
        raise ValueError("must be a time with its zone, such as 2026-06-30T08:00:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no time of the calendar between the years 1 and 9999") from None


def _whole(value: object) -> object:
    """JSON knows one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def whole(low: int, high: int) -> Any:
    """Return the type of an integer between two bounds."""
    return Annotated[int, Field(strict=True, ge=low, le=high), BeforeValidator(_whole)]


Time = Annotated[datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST)]
REF = "pseudonymous id in the published snapshot, or an account that is bound to one: platform:id"
Ref = Annotated[Text, AfterValidator(reference)]


class Row(BaseModel):
    """What all rows have in common: columns of the contract and nothing else."""

    model_config = ConfigDict(extra="forbid")


class OpenRow(BaseModel):
    """A row that also takes the brand's own attributes, ``x_<name>``."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"patternProperties": {"^x_": OWN_VALUE}, "additionalProperties": False},
    )

    @model_validator(mode="after")
    def _only_own(self) -> "OpenRow":
        for name, value in (self.__pydantic_extra__ or {}).items():
            if not name.startswith("x_"):
                raise ValueError(
                    "has a column that is not in the contract; own attributes are called x_<name>"
                )
            _require_plain(value, "an x_ attribute")
        return self


class OwnRow(BaseModel):
    """A row of a table of the brand's own, with the columns that its mapping describes."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": OWN_CELL})

    occurred_at: Time = Field(description="when it happened")
    recorded_at: Time | None = Field(None, description="when it became known; the event time where empty")
    ends_at: Time | None = Field(None, description="when it ends, known beforehand")
    starts_at: Time | None = Field(None, description="of contracts: when it begins, if later than concluded")
    cancelled_at: Time | None = Field(None, description="of contracts: when it was cancelled")
    # `renews_days` and `line` of contracts come among the others: elsewhere they may be a brand's columns.

    @model_validator(mode="after")
    def _plain_values(self) -> "OwnRow":
        for value in (self.__pydantic_extra__ or {}).values():
            _require_plain(value, "a value", LONGEST_TEXT)
        return self


def _require_plain(value: object, what: str, longest: int = LONGEST) -> None:
    """As ``OWN_VALUE`` and ``OWN_CELL`` say."""
    if not (value is None or isinstance(value, str | int | float | bool)):
        raise ValueError(f"has {what} that is no text, number or truth value")
    if isinstance(value, str) and len(value) > longest:
        raise ValueError(f"has {what} of more than {longest} characters")


@cache
def having(column: str) -> tuple[str, ...]:
    """Return the tables of a record whose rows have a column."""
    return tuple(table for table in SENT if column in tables.columns(table))


@cache
def row_model(table: str, without: tuple[str, ...] = ()) -> type[BaseModel]:
    """Return one row of ``table``; columns named in ``without`` are left out."""
    fields: dict[str, Any] = {
        name: _field(name, spec) for name, spec in tables.columns(table).items() if name not in without
    }
    base = OpenRow if table in tables.EXTENSIBLE else Row
    name = table.capitalize() + ("Content" if without else "Row")
    return create_model(name, __base__=base, __doc__=tables.SCHEMAS[table].__doc__, **fields)


def _field(name: str, spec: Any) -> tuple[Any, Any]:
    checks = {check.name: check.statistics for check in spec.checks}
    kind: Any = Ref if name in OWN_IDS else _kind(name, spec, checks)
    if spec.nullable or name in OWN_IDS:
        return kind | None, Field(None, description=spec.description)
    return kind, Field(description=spec.description)


def _kind(name: str, spec: Any, checks: dict[str, Any]) -> Any:
    if "isin" in checks:
        return Literal[tuple(checks["isin"]["allowed_values"])]
    if spec.dtype.type == pl.Int64:
        largest = LARGEST.get(name, LARGEST_INTEGER)
        low = checks.get("greater_than_or_equal_to", {}).get("min_value", -largest)
        high = checks.get("less_than_or_equal_to", {}).get("max_value", largest)
        return whole(low, high)
    if spec.dtype.type == pl.Boolean:
        return Annotated[bool, Field(strict=True)]
    return Text if spec.dtype.type == pl.String else Time


@cache
def record_model() -> type[BaseModel]:
    """Return a record: for each table of the contract a list of the subject's rows."""
    fields: dict[str, Any] = {
        table: (
            Annotated[list[row_model(table)], Field(max_length=MAX_ROWS)],  # type: ignore[misc]
            Field(default_factory=list, description=(tables.SCHEMAS[table].__doc__ or "").split("\n")[0]),
        )
        for table in SENT
    }
    fields["own"] = (
        Annotated[dict[str, Annotated[list[OwnRow], Field(max_length=MAX_ROWS)]], Field(max_length=50)],
        Field(default_factory=dict, description="Rows of the brand's own tables, by the table's name."),
    )
    doc = (
        "Raw rows of one subject, in the shape of the member-data contract. What no schema can say: all "
        "rows are one member's or one lead's; ids that name a row stand once; a return has a negative "
        "quantity and a sale a positive one; an own attribute is of the kind that the model knows."
    )
    return create_model("Record", __base__=Row, __doc__=doc, **fields)
