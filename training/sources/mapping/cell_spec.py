"""How one column is made: the innermost part of a mapping file."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

UNITS = {  # in microseconds
    "microseconds": 1,
    "milliseconds": 1_000,
    "seconds": 1_000_000,
    "minutes": 60_000_000,
    "hours": 3_600_000_000,
    "days": 86_400_000_000,
}


def _text(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


class Strict(BaseModel):
    """What a user writes: every key known, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Spread(Strict):
    """Split an amount that an order has once over its lines; the parts add up to it, to the cent."""

    by: str = Field(description="column that the lines of one order share")
    over: str = Field("1", description="SQL: the weight of a line, as its price times its quantity")


class Cell(Strict):
    """A column: a source's column, a constant or a SQL expression, and how its cells are read.

    A bare text is short for ``{column: text}``.
    """

    column: str | None = Field(None, description="a column of the source")
    value: str | int | float | bool | None = Field(None, description="the same in every row")
    sql: str | None = Field(None, description="a SQL expression over the source's columns")
    json_: str | tuple[str, ...] | None = Field(
        None, alias="json", description="name of a field in a JSON text; the first of several that is there"
    )
    entry: str | None = Field(
        None, description="of a list of records with `key` and `value`: the value of this key"
    )
    map: dict[str, str | int | float | bool | None] = Field({}, description="value found: value meant")
    other: str | int | float | bool | None = Field(None, description="for values that `map` does not name")
    format: str | tuple[str, ...] | None = Field(
        None, description="of a time, as in %Y-%m-%d %H:%M; of several the first that reads"
    )
    time_zone: str | None = Field(None, description="of times that name none; else the mapping's")
    since: datetime | None = Field(None, description="times are counted from here, in `unit`")
    unit: Literal["microseconds", "milliseconds", "seconds", "minutes", "hours", "days"] = "seconds"
    day: Literal["start", "end"] | None = Field(
        None, description="from when a day without a time counts; outcomes from its end, else its start"
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="mark of the numbers of a column written for people, as 1.299,00 € or $1,299.00"
    )
    spread: Spread | None = Field(None, description="of a source's field: an order's amount over its lines")
    hash: Literal["email", "phone", "text"] | None = Field(
        None, description="replace personal data by an id that only the holder of the key can make again"
    )
    country: str | None = Field(
        None, pattern=r"^[1-9]\d{0,2}$", description="calling code of phone numbers that name none"
    )
    times: float | None = Field(None, description="factor, rounded to a whole number: 100 for euros to cents")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"column": given}
        if isinstance(given, dict) and isinstance(given.get("map"), dict):
            return given | {"map": {_text(key): value for key, value in given["map"].items()}}
        return given

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [name for name in ("column", "value", "sql") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one of column, value and sql is needed, found {given or 'none'}")
        if self.other is not None and not self.map:
            raise ValueError("`other` needs a `map`")
        return self
