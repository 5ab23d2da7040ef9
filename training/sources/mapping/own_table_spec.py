"""A table of a brand's own in a mapping: where its rows come from, and what they are in words."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from features import tables
from features.own_tables import (
    CONTRACTS,
    EVERYBODY,
    LATEST,
    NAME,
    PREFIX,
    SUBJECTS,
    WINDOWS,
    Hop,
    OwnColumn,
    OwnTable,
)
from features.yaml_lines import Keys, Place
from training.sources.mapping.cell_spec import Cell, Strict
from training.sources.mapping.source_spec import Join

Name = Annotated[str, StringConstraints(pattern=NAME, max_length=40)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=80)]
WORDED = ("category", "text", "id", "yes")  # units of columns that are no numbers
OF_CONTRACTS = ("starts_at", "cancelled_at", "renews_days", "line")  # keys of the table of contracts
Days = Annotated[int, Field(ge=1, le=3650)]


class OwnCell(Strict):
    """One column: how it is made, what it counts, and its words."""

    cell: Cell
    unit: str = Field(
        min_length=1, description="category, text, id, yes; of a number what it counts: cents, stars, ..."
    )
    en: Words
    zh: Words
    values: tuple[str, ...] = Field(
        (), description="of a category: values with features of their own; else the commonest"
    )

    rated_by: Name | None = Field(
        None, description="of a text: the table's column of numbers that says how good it is"
    )
    never: tuple[str, ...] = Field((), description="of a text: words that name no topic, as names of staff")

    @model_validator(mode="after")
    def _values_of_categories(self) -> Self:
        if self.values and self.unit != "category":
            raise ValueError("`values` belong to a column of unit category")
        if (self.rated_by or self.never) and self.unit != "text":
            raise ValueError("`rated_by` and `never` belong to a column of unit text")
        return self


class OwnPart(Strict):
    """One table; its rows become features by rule."""

    en: Words = Field(description="what its rows are, in the plural")
    zh: Words
    source: str
    join: tuple[Join, ...] = ()
    where: str | None = Field(None, description="SQL condition; other rows are counted as left out")
    key: dict[Name, Cell] | Literal["everybody"] = Field(
        description="whose rows: member_id, lead_id, subject_id or another id, and how it is made"
    )
    through: dict[str, str] = Field(
        default_factory=dict,
        max_length=1,
        description="table: column in which the subject's newest row names the key",
    )
    occurred_at: Cell
    recorded_at: Cell | None = None
    ends_at: Cell | None = Field(None, description="when a row ends, known beforehand, as of a contract")
    starts_at: Cell | None = Field(
        None, description="when a contract begins, where that is later than when it was concluded"
    )
    cancelled_at: Cell | None = Field(None, description="when a contract was cancelled, known from then on")
    renews_days: Cell | None = Field(
        None, description="days after which a contract without an end goes on for as long again"
    )
    line: Cell | None = Field(None, description="which contracts of somebody follow each other")
    columns: dict[Name, OwnCell] = Field({}, description="name: cell, unit and words")
    windows: tuple[Days, ...] = Field(WINDOWS, min_length=1, max_length=8)
    latest: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(LATEST, max_length=8)
    learn_until: date | None = Field(
        None, description="day before which topics and tone of texts are learnt; else their earlier half"
    )

    acts: bool | None = Field(
        None,
        description="false: its rows could not be otherwise; else told by whether subjects have several",
    )

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.key != EVERYBODY and len(self.key) != 1:
            raise ValueError("`key` is one id, or everybody")
        if (self.key_name not in (*SUBJECTS, EVERYBODY)) != bool(self.through):
            raise ValueError(
                f"`through` is for a key other than {', '.join(SUBJECTS)} and {EVERYBODY}, and needed there"
            )
        if self.ends_at is not None and self.key_name not in SUBJECTS:
            raise ValueError(f"`ends_at` is for rows of {', '.join(SUBJECTS)}")
        return self

    @model_validator(mode="after")
    def _texts_of_somebody(self) -> Self:
        texts = {name: one for name, one in self.columns.items() if one.unit == "text"}
        if texts and self.key_name not in SUBJECTS:
            raise ValueError(f"a column of unit text is for rows of {', '.join(SUBJECTS)}")
        if self.learn_until is not None and not texts:
            raise ValueError("`learn_until` is for a table with a column of unit text")
        numbers = [name for name, one in self.columns.items() if one.unit not in WORDED]
        for name, one in texts.items():
            if one.rated_by is not None and one.rated_by not in numbers:
                raise ValueError(
                    f"`rated_by` of {name}: no column of numbers {one.rated_by!r}; there are {numbers}"
                )
            if taken := {f"{name}_topic", f"{name}_tone"} & set(self.columns):
                raise ValueError(
                    f"a column {min(taken)!r} stands beside the text {name!r}, which is read into it"
                )
        return self

    @property
    def has_end(self) -> bool:
        """Whether its rows end, or go on from period to period."""
        return self.ends_at is not None or self.renews_days is not None

    @property
    def key_name(self) -> str:
        """The id by which rows belong to somebody."""
        return EVERYBODY if isinstance(self.key, str) else next(iter(self.key))

    @property
    def cells(self) -> dict[str, tuple[Cell, Keys]]:
        """Each column of the stored table, how it is made, and where in the table's description it stands."""
        key = {} if isinstance(self.key, str) else self.key
        found: dict[str, tuple[Cell, Keys]] = {name: (cell, ("key", name)) for name, cell in key.items()}
        for name in ("occurred_at", "recorded_at", "ends_at", *OF_CONTRACTS):
            if (cell := getattr(self, name)) is not None:
                found[name] = (cell, (name,))
        return found | {
            f"x_{name}": (one.cell, ("columns", name, "cell")) for name, one in self.columns.items()
        }


def described(parts: Mapping[str, OwnPart], place: Place) -> dict[str, OwnTable]:
    """Return what each table is, by its stored name.

    Raises
    ------
    ValueError
        A ``through`` that leads nowhere; names the place and what is allowed.
    """
    for name, part in parts.items():
        _require_contracts(name, part, place)
    found = {name: _described(name, part) for name, part in parts.items() if not part.through}
    for name, part in parts.items():
        for table, column in part.through.items():
            hop = _hop(table, column, found, place.at("own_tables", name, "through"))
            found[name] = _described(name, part, hop)
    return {found[name].stored: found[name] for name in parts}


def _described(name: str, part: OwnPart, hop: Hop | None = None) -> OwnTable:
    columns = (
        OwnColumn(
            name=column,
            unit=cell.unit,
            en=cell.en,
            zh=cell.zh,
            values=cell.values,
            rated_by=cell.rated_by or "",
            never=cell.never,
        )
        for column, cell in part.columns.items()
    )
    given: dict[str, Any] = {key: getattr(part, key) for key in ("en", "zh", "windows", "latest")}
    if part.learn_until is not None:
        given["learn_until"] = int(datetime.combine(part.learn_until, time(), UTC).timestamp())
    timeless = part.occurred_at.value is not None  # one moment for all rows
    given["acts"] = False if part.acts is None and timeless else part.acts
    given |= {"columns": tuple(columns), "has_end": part.has_end, "through": hop}
    return OwnTable(name=name, key=part.key_name, **given)


def _require_contracts(name: str, part: OwnPart, place: Place) -> None:
    """Refuse keys of contracts elsewhere, and contracts of nobody or without an end."""
    given = [key for key in OF_CONTRACTS if getattr(part, key) is not None]
    if name == CONTRACTS and (same := sorted(set(OF_CONTRACTS) & set(part.columns))):
        raise ValueError(
            f"{place.at('own_tables', name, 'columns', same[0])}: a key of contracts, and no column"
        )
    if given and name != CONTRACTS:
        raise ValueError(
            f"{place.at('own_tables', name, given[0])}: belongs to the own table `{CONTRACTS}` alone"
        )
    if given and (not part.has_end or part.key_name not in SUBJECTS):
        raise ValueError(
            f"{place.at('own_tables', name, given[0])}: needs `ends_at` or `renews_days`, and a key of "
            f"{', '.join(SUBJECTS)}"
        )


def _hop(table: str, column: str, own: Mapping[str, OwnTable], where: str) -> Hop:
    """The way through another table of the brand's own, or one of the contract."""
    there = {name: one for name, one in own.items() if one.is_direct}
    contract = [name for name in tables.TABLES if set(SUBJECTS) & set(tables.columns(name))]
    if table in there:
        named = [one.name for one in there[table].columns if one.kind == "id"]
        if column not in named:
            raise ValueError(
                f"{where}: own table {table!r} has no column {column!r} of unit id; there are {named}"
            )
        return Hop(table=f"{PREFIX}{table}", column=f"x_{column}", key=there[table].key)
    if table not in contract:
        raise ValueError(f"{where}: no table {table!r}; there are {sorted((*there, *contract))}")
    columns = tables.columns(table)
    key = next(name for name in SUBJECTS if name in columns)
    ids = [name for name in columns if name.endswith("_id") and name != key]
    if column not in ids:
        raise ValueError(f"{where}: {table} has no id {column!r} beside its subject's; there are {ids}")
    return Hop(table=table, column=column, key=key)
