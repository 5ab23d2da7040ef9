"""Where rows of a mapping come from: a file, a folder or a database, and how sources are joined."""

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from training.sources.mapping.cell_spec import Cell, Strict

TYPED = ("json", "jsonl", "ndjson", "parquet")  # endings of files


def _span(lines: tuple[int, ...]) -> tuple[int, int]:
    return (lines[0], lines[0] + len(lines)) if lines else (0, 0)


class FillDown(Strict):
    """Give the lines of an order what stands on its first line only."""

    by: str = Field(description="column that the lines of one order share")
    columns: tuple[str, ...] = Field(
        min_length=1, description="columns whose empty cells are filled; `by`, too, where it is one of them"
    )


class Lines(Strict):
    """Make a row a product of orders that have their products beside each other, or in one cell."""

    columns: dict[str, tuple[str, ...]] = Field(
        {}, description="new column: its columns, one a line, as {sku: [item_1_sku, item_2_sku]}"
    )
    json_: str | None = Field(None, alias="json", description="column with a list of objects")
    fields: dict[str, str] = Field({}, description="of `json`: new column: name of the object's field")
    split: dict[str, str] = Field({}, description="new column: column whose cells are lists")
    between: str = Field(";", min_length=1, description="of `split`: any of these characters parts a list")
    form: str | None = Field(
        None, description="of `split`: pattern of an element, whose named groups are columns instead"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in ("columns", "json_", "split") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError("exactly one of columns, json and split is needed")
        if len({len(names) for names in self.columns.values()}) > 1:
            raise ValueError("`columns` are to have as many columns each")
        if bool(self.json_) != bool(self.fields):
            raise ValueError("`json` and `fields` belong together")
        if self.form is not None and (len(self.split) != 1 or not self.groups):
            raise ValueError("`form` is a pattern with named groups, as (?<sku>.+), of one column to split")
        return self

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns that `form` makes."""
        return tuple(re.findall(r"\(\?P?<([A-Za-z_]\w*)>", self.form or ""))

    @property
    def made(self) -> tuple[str, ...]:
        """The new columns."""
        return self.groups or (*self.columns, *self.fields, *self.split)

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that they are made of."""
        wide = (name for names in self.columns.values() for name in names)
        return (*wide, *((self.json_,) if self.json_ else ()), *self.split.values())


class Newest(Strict):
    """Of rows that stand in several files of a source, keep those of the newest file."""

    by: tuple[str, ...] = Field(min_length=1, description="columns that rows share which are the same")
    time: Cell = Field(description="a time; the file in which it reaches furthest is the newest")


class Join(Strict):
    """Bring in the columns of another source; at most one row of it matches.

    Of a part each is named ``<as>_<column>``; of a source they keep their names, those aside that it has
    itself. With ``latest`` the newest row counts that is not newer than the row it is joined to. Where
    several rows share a key, as the refunds of an order, ``sum`` and ``last`` make one of them.
    """

    source: str
    as_: str | None = Field(None, alias="as", description="prefix of its columns; else the source's name")
    where: str | None = Field(None, description="SQL condition on its columns")
    on: dict[str, str] = Field(min_length=1, description="column here: column there")
    latest: dict[str, str] | None = Field(
        None, min_length=1, max_length=1, description="time here: time there"
    )

    sum: dict[str, Cell] = Field({}, description="new column: numbers added up over the rows of one key")
    last: dict[str, str] = Field({}, description="new column: a column there, of the newest row of one key")
    by: Cell | None = Field(None, description="of `last`: the time of a row there; else the last row counts")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.latest and (self.sum or self.last):
            raise ValueError("`latest` takes one row as it is; say it without `sum` and `last`")
        return self

    @property
    def prefix(self) -> str:
        return self.as_ or self.source


class Source(Strict):
    """A file, a folder of files of one kind, or a database; with columns made beside those that it has."""

    file: str | tuple[str, ...] = Field(
        "", description="path below the mapping's folder, or several; a folder stands for its files"
    )
    url: str | None = Field(None, description="of a database; ${NAME} stands for an environment variable")
    table: str | None = Field(None, description="of the database")
    query: str | None = Field(None, description="SQL of the database, instead of a table")
    version: str | None = Field(
        None, description="query whose answer changes with the data; else their count"
    )
    format: Literal["csv", "parquet", "jsonl", "workbook"] | None = Field(
        None, description="else by the file's name"
    )
    sep: str = Field(",", min_length=1, max_length=1, description="between the cells of a CSV file")
    encoding: str = Field("utf-8", description="of a CSV file; one that is not UTF-8 is read whole")
    sheet: str | None = Field(None, description="of a workbook; else its first")
    header: int | tuple[int, ...] = Field(
        1,
        description="line (from 1) of the names; two where groups stand above; 0: none",
    )
    empty: tuple[str, ...] = Field(
        (), description="words of CSV files and sheets that stand for an empty cell"
    )
    text_marks: bool = Field(False, description='cells as ="0017" or \'0017 are read without their marks')
    fill_down: FillDown | None = Field(
        None, description="columns that stand on the first line of an order only"
    )
    newest: Newest | None = Field(
        None, description="which rows count that stand in several files, as exports made again have them"
    )
    lines: Lines | None = Field(None, description="how rows of several products become one a product")
    join: tuple[Join, ...] = Field(
        (), description="columns of other sources beside its own, as what an order says beside its lines"
    )
    fields: dict[str, Cell] = Field({}, description="further columns, made in this order")

    @property
    def label(self) -> str:
        """How errors name it; without the URL, in which a password may stand."""
        return f"database {self.table or 'query'}" if self.url else ", ".join(self.paths)

    @property
    def paths(self) -> tuple[str, ...]:
        """Files and folders, as the mapping names them."""
        return (self.file,) if isinstance(self.file, str) else self.file

    @property
    def is_typed(self) -> bool:
        """Whether numbers are numbers by the source itself (JSON, Parquet, a database), not by looks."""
        named = self.paths[0].removesuffix(".gz").rpartition(".")[2].lower() if not self.url else ""
        told = self.format in ("jsonl", "parquet") or (not self.format and named in TYPED)
        return bool(self.url or told or (self.lines and self.lines.json_))

    @property
    def header_lines(self) -> tuple[int, ...]:
        """Lines of the names, from 1; none where the first line is data."""
        given = (self.header,) if isinstance(self.header, int) else self.header
        return tuple(line for line in given if line)

    @property
    def sql(self) -> str:
        """The query of a database source."""
        if self.query:
            return self.query.strip().rstrip(";")
        quote = "`" if str(self.url).startswith("mysql") else '"'
        return f"SELECT * FROM {'.'.join(f'{quote}{part}{quote}' for part in str(self.table).split('.'))}"

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.file) == bool(self.url):
            raise ValueError(
                "either `file` or `url` is needed, found " + ("both" if self.file else "neither")
            )
        lines = self.header_lines
        if any(line < 1 for line in lines) or list(lines) != list(range(*_span(lines))) or len(lines) > 2:
            raise ValueError("`header` is a line from 1, two that follow each other, or 0 for none")
        if self.url and bool(self.table) == bool(self.query):
            raise ValueError("a `url` needs either `table` or `query`")
        if self.file and (self.table or self.query or self.version):
            raise ValueError("`table`, `query` and `version` belong to a `url`")
        return self
