"""A mapping file: how a brand's own files become the tables of the contract. No code, one file a brand.

The parts, from the outside in: ``Mapping`` names ``sources`` (files) and ``tables`` (what is made
of them), ``Part`` makes rows of one table from one source, ``Cell`` makes one column.
"""

import os
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator

from features.own_tables import OwnTable
from features.yaml_lines import Keys, Place, read_yaml
from training.sources.mapping.cell_spec import Cell, Strict
from training.sources.mapping.own_table_spec import Name, OwnPart, described
from training.sources.mapping.source_spec import Join, Source

DATA_ROOT = "MEMBERLENS_DATA"
TableName = Literal[
    "members",
    "leads",
    "identities",
    "products",
    "purchases",
    "events",
    "campaigns",
    "contacts",
    "responses",
    "care",
    "closures",
    "subjects",
]


class Part(Strict):
    """Rows of one table, from one source."""

    source: str
    join: tuple[Join, ...] = ()
    where: str | None = Field(None, description="SQL condition; other rows are counted as left out")
    columns: dict[str, Cell] = Field(min_length=1, description="column of the contract: how it is made")
    attributes: dict[str, str] | tuple[str, ...] = Field(
        (), description="names or patterns of columns that become x_<name>, typed by themselves"
    )
    exclude: dict[str, str] = Field({}, description="column that is no attribute: why")
    accept: dict[str, str] = Field(
        {}, description="attribute (x_<name>) that may look like a leak: why it is none"
    )
    keep: Literal["all", "first", "changes"] = Field(
        "all", description="first row of each id only, or also those that change something"
    )

    @model_validator(mode="after")
    def _no_spread(self) -> Self:
        """`where` may have taken lines of an order away before a column of a table is made."""
        spread = [name for name, cell in self.columns.items() if cell.spread]
        if spread:
            raise ValueError(f"`spread` is for `fields` of a source, found in columns.{spread[0]}")
        return self


class Mapping(Strict):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    about: str = Field(min_length=1, description="one sentence")
    licence: str | None = None
    published: str | None = Field(None, description="where the data can be had")
    folder: str = Field(".", description=f"below ${DATA_ROOT}; absolute, or ./ and ../ from this file")
    time_zone: str = Field("UTC", description="of times that name none")
    accept: dict[str, str] = Field(
        {}, description="finding of `check` (table.kind) that is right as it is: why"
    )
    extracted_at: str | None = Field(None, description="moment of the extract; else the newest row's")
    unknown_members: Literal["quarantine", "add"] = "quarantine"
    params: dict[str, Any] = Field({}, description="settings for params.yaml: tasks, spine, tune")
    left_out: dict[str, str] = Field({}, description="task: why this source has no data for it")
    unread: dict[str, str] = Field(
        {}, description="file that no table takes: what it tells of purchases, which are wrong without it"
    )
    sources: dict[str, Source]
    tables: dict[TableName, tuple[Part, ...]]
    own_tables: dict[Name, OwnPart] = Field(
        {}, description="tables beyond the contract, which become features by rule"
    )

    _place: Place = PrivateAttr()

    @field_validator("tables")
    @classmethod
    def _something(cls, tables: dict[str, Any]) -> dict[str, Any]:
        if not tables:
            raise ValueError(
                "no file is placed yet; a source must become one of "
                f"{', '.join(get_args(TableName))}. A file with one row a subject and an outcome is "
                "proposed by `memberlens init --label`"
            )
        return tables

    @property
    def place(self) -> Place:
        """Where each key stands, for errors."""
        return self._place

    def with_sources(self, sources: dict[str, Source]) -> "Mapping":
        """Return the same mapping over other sources."""
        copy = self.model_copy(update={"sources": sources})
        copy._place = self._place
        return copy

    @property
    def has_personal_keys(self) -> bool:
        """Whether ids are made of personal data, and so change with the key."""
        made = [cell for source in self.sources.values() for cell in source.fields.values()]
        made += [cell for parts in self.tables.values() for part in parts for cell in part.columns.values()]
        return any(cell.hash for cell in made)

    @property
    def excluded(self) -> dict[str, str]:
        """Columns that the mapping keeps from the attributes, and why."""
        return {
            name: why
            for parts in self.tables.values()
            for part in parts
            for name, why in part.exclude.items()
        }

    @property
    def accepted(self) -> dict[str, str]:
        """Attributes that may look like a leak, and why they are none."""
        return {
            name: why for parts in self.tables.values() for part in parts for name, why in part.accept.items()
        }

    @property
    def own(self) -> dict[str, OwnTable]:
        """What the brand's own tables are, by their stored names; ``ValueError`` where one leads nowhere."""
        return described(self.own_tables, self.place)

    @property
    def dated(self) -> bool:
        """Whether rows of a flat table say when they were; params of the task say where they do not."""
        given = (self.params.get("spine") or {}).get("given") or {}
        return bool(given.get("dated", True))

    @property
    def unrecorded(self) -> list[str]:
        """Tables of which some rows do not say when they were recorded."""
        return [
            name
            for name, parts in self.tables.items()
            if any("recorded_at" not in part.columns for part in parts)
        ]

    def root(self) -> Path:
        """Return the folder of the data; ``FileNotFoundError`` says how it is found."""
        return locate(self.folder, self.place, self.published)


def locate(folder: str, place: Place, published: str | None = None) -> Path:
    """Return the folder of a mapping's data, absolute, beside the mapping, or below the data root."""
    path = Path(folder).expanduser()
    if folder.startswith("."):
        path = place.path.parent / path
    elif not path.is_absolute():
        where = f" (published at {published})" if published else ""
        if DATA_ROOT not in os.environ:
            raise FileNotFoundError(
                f"{place.at('folder')}: {folder!r} lies below the folder named by the environment "
                f"variable {DATA_ROOT}, which is not set{where}"
            )
        path = Path(os.environ[DATA_ROOT]) / path
        if not path.is_dir():
            raise FileNotFoundError(f"{path}: no such folder; {place.at('folder')}{where}")
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: no such folder; {place.at('folder')}")
    return path


def load(path: Path) -> Mapping:
    """Return a mapping file, checked.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Names file, line, key, what was found and what is allowed, one sentence a fault.
    """
    content, place = read_yaml(path)
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        raise ValueError(_sentences(place, error)) from None
    mapping._place = place
    _check_names(mapping)
    _ = mapping.own
    return mapping


def _sentences(place: Place, error: ValidationError) -> str:
    """One sentence a key, however many kinds of value were tried on it."""
    faults: dict[str, list[str]] = {}
    for fault in error.errors():
        keys = fault["loc"]
        while keys not in place.lines and len(keys) > 1 and fault["type"] != "missing":
            keys = keys[:-1]
        faults.setdefault(place.at(*keys), []).append(_fault(fault))
    return "; ".join(f"{where}: {' or '.join(dict.fromkeys(found))}" for where, found in faults.items())


def _fault(fault: Any) -> str:
    found = fault["input"]
    if fault["type"] == "extra_forbidden":
        return "no such key"
    if fault["type"] == "missing":
        return "this key is needed"
    shown = repr(found) if isinstance(found, str | int | float | bool) else type(found).__name__
    return f"{fault['msg'].removeprefix('Value error, ')} (found {shown})"


def _check_names(mapping: Mapping) -> None:
    known = sorted(mapping.sources)
    every: list[tuple[Keys, Part | OwnPart]] = [
        (("tables", table, index), part)
        for table, parts in mapping.tables.items()
        for index, part in enumerate(parts)
    ]
    every += [(("own_tables", name), part) for name, part in mapping.own_tables.items()]
    named: list[tuple[Keys, str]] = []
    for keys, part in every:
        named.append(((*keys, "source"), part.source))
        named += [((*keys, "join", n, "source"), join.source) for n, join in enumerate(part.join)]
    for source, made in mapping.sources.items():
        for n, join in enumerate(made.join):
            named.append((("sources", source, "join", n, "source"), join.source))
            if join.source == source or (join.source in known and mapping.sources[join.source].join):
                where = mapping.place.at("sources", source, "join", n, "source")
                raise ValueError(f"{where}: {join.source!r} is joined itself; name sources without `join`")
    for keys, name in named:
        if name not in mapping.sources:
            raise ValueError(f"{mapping.place.at(*keys)}: no source {name!r}; there are {known}")
