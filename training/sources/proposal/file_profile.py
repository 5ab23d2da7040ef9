"""What a file looks like: its columns, from rows all over it, and how it is written."""

from dataclasses import dataclass, field, replace
from os.path import commonpath
from pathlib import Path

import polars as pl

from features.yaml_lines import Place
from training.sources.mapping.source_spec import Join, Lines, Newest, Source
from training.sources.proposal.column_profile import Column, by_all, column_of, settled
from training.sources.proposal.hints import NONE, Hints
from training.sources.proposal.mapping_keys import JoinRule, LinesKeys, NewestKeys, SourceKeys
from training.sources.proposal.name_patterns import means
from training.sources.reading.dialect import Dialect, dialect_of
from training.sources.reading.files import FILE, ROW, files, kind_of
from training.sources.reading.files import read as read_source
from training.sources.reading.header import header_of
from training.sources.reading.join import joined
from training.sources.reading.reexports import of_newest
from training.sources.reading.unrolled import unrolled
from training.sources.reading.words import EMPTY
from training.sources.reading.workbook import cells, sheets

SAMPLE = 20_000  # rows at most, from all over the file
HEAD = 20_000  # rows one after the other, where it matters what stands together
Places = tuple[tuple[Path, str | None], ...]
ORDER, PRODUCT = "order", "product"  # what a joined file tells of a line


@dataclass(frozen=True)
class Beside:
    """Another file whose columns stand beside a file's own.

    Parameters
    ----------
    file, on
        The other file, and column here: column there.
    prefix
        Of its columns whose names are taken.
    names
        Its columns: how they are called beside the file's own.
    rule
        Further keys of the join, where several of its rows become one.
    """

    file: "File"
    on: dict[str, str]
    prefix: str
    names: dict[str, str]
    rule: JoinRule = field(default_factory=JoinRule)

    def to(self, frame: pl.LazyFrame, label: str) -> pl.LazyFrame:
        """Join it to the rows of the file."""
        rule = Join.model_validate({"source": self.file.label, "as": self.prefix, "on": self.on, **self.rule})
        return joined(frame, self.file.of_newest(), rule, label, label, as_own=True)


@dataclass(frozen=True)
class File:
    """One file or sheet: its columns, how many rows of it were looked at, and how it is written.

    Parameters
    ----------
    written
        Keys of a source in the mapping file beside its path.
    also
        Further files that are read with it as one.
    beside
        Files whose columns are joined to it: what orders say, to their lines.
    newest
        Which rows that stand in several of its files count, as a key of a source.
    """

    path: Path
    columns: tuple[Column, ...]
    rows: int
    hints: Hints = NONE
    written: SourceKeys = field(default_factory=SourceKeys)
    also: tuple[Path, ...] = ()
    beside: tuple[Beside, ...] = ()
    newest: NewestKeys | None = None

    def column(self, name: object) -> Column | None:
        """Find the column of a name; ``None`` where there is none."""
        return next((column for column in self.columns if column.name == name), None)

    def meaning(self, concept: str) -> Column | None:
        """Find the first column whose name means a column of the contract, see ``name_patterns.means``."""
        return next((column for column in self.columns if means(column.name, concept)), None)

    @property
    def times(self) -> list[Column]:
        """Columns that hold a time."""
        return [column for column in self.columns if column.kind == "time"]

    @property
    def grouped(self) -> bool:
        """Whether the names of its columns stand under groups, which come first in each name."""
        return isinstance(self.written.get("header"), list)

    @property
    def label(self) -> str:
        """How doubts name it."""
        if self.also:
            return f"{self.path.name} and {', '.join(path.name for path in self.also)}"
        return f"{self.path.name} ({self.written['sheet']})" if "sheet" in self.written else self.path.name

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that are read as one."""
        return (self.path, *self.also)

    def of_newest(self) -> pl.LazyFrame:
        """Return the rows, of those that stand in several files those of the newest."""
        if self.newest is None:
            return self.frame()
        rule = Newest.model_validate(self.newest)
        return of_newest(self.frame(), rule, Place(self.path, {}), ("newest",), self.label)

    def as_lines(self, rule: LinesKeys) -> "File":
        """Look at the same with a row a product, whose columns come first; lists themselves are none."""
        made = Lines.model_validate(rule)
        whole = _sketch(self.paths, self.written | {"lines": rule}, self.hints)
        new = [column for column in whole.columns if column.name in made.made]
        old = [column for column in whole.columns if column.name not in (*made.made, *made.read)]
        return replace(whole, columns=(*new, *old))

    @property
    def places(self) -> Places:
        """Where its rows are: files, each with the sheet where it is of a workbook."""
        return tuple((path, self.written.get("sheet")) for path in self.paths)

    @property
    def _lines(self) -> Lines | None:
        rule = self.written.get("lines")
        return Lines.model_validate(rule) if rule else None

    @property
    def unrolled(self) -> tuple[str, ...]:
        """Columns whose products have become rows of their own."""
        return self._lines.read if self._lines else ()

    @property
    def of_orders(self) -> frozenset[str]:
        """Columns that say something of an order, and are the same on all of its lines."""
        beside = (name for one in self.beside if one.prefix == ORDER for name in one.names.values())
        made = self._lines
        own = (column.name for column in self.columns if made and column.name not in made.made)
        return frozenset((*beside, *own))

    @property
    def is_typed(self) -> bool:
        """Whether numbers are numbers by the file itself, and not by how they look."""
        first = files(self.path)[0]
        return Source.model_validate({"file": first.name, **self.written}).is_typed

    @property
    def is_alone(self) -> bool:
        """Tell whether it is one file, and no folder or several."""
        return not self.path.is_dir() and not self.also

    def frame(self) -> pl.LazyFrame:
        """Return the rows as a mapping reads them, with the file's name and the row's number."""
        frame = _frame(self.paths, self.written)
        for one in self.beside:
            frame = one.to(frame, self.label)
        return frame


def sketches(path: Path, hints: Hints = NONE) -> list[File]:
    """Look at a file, at each sheet of a workbook, or at a folder, knowing what a user says about it.

    Raises
    ------
    FileNotFoundError, ValueError
        See ``files.read``; a folder whose files are not written in one way.
    """
    return [_sketch((path,), written, hints) for written in _written(path)]


def as_one(several: list[File]) -> File:
    """Look at files of one kind together."""
    paths = tuple(path for file in several for path in file.paths)
    return _sketch(paths, several[0].written, several[0].hints)


def head(file: File, rows: int = HEAD) -> pl.DataFrame:
    """Return the first rows of a file one after the other, as its orders stand there."""
    return file.frame().head(rows).collect()


def all_of(file: File, names: list[str]) -> pl.DataFrame:
    """Return some columns of a whole file."""
    return file.frame().select(names).collect()


def _written(path: Path) -> list[SourceKeys]:
    """How a file or a folder is written, as keys of a source; one for each sheet of a workbook."""
    found = files(path)
    if kind_of(found[0]) == "workbook":
        return [_of_sheet(found[0], name) for name in sheets(found[0])]
    kinds = {kind_of(file) for file in found}
    if kinds - {"csv", None}:
        return [{}]
    ways = {file.name: _of_text(file, dialect_of(file)) for file in found}
    first = next(iter(ways.values()))
    other = next((name for name, way in ways.items() if way != first), None)
    if other is not None:
        raise ValueError(
            f"its files are not written in one way ({found[0].name}: {first}, {other}: {ways[other]}); "
            "name them one by one"
        )
    return [first]


def _of_text(path: Path, found: Dialect) -> SourceKeys:
    usual, header = Source.model_validate({"file": path.name}), _lines(found.header)
    made: SourceKeys = {} if kind_of(path) else {"format": "csv"}
    if found.encoding != usual.encoding:
        made["encoding"] = found.encoding
    if found.sep != usual.sep and not (found.sep == "\t" and ".tsv" in path.name):
        made["sep"] = found.sep
    if header != usual.header:
        made["header"] = header
    if found.text_marks != usual.text_marks:
        made["text_marks"] = found.text_marks
    return made


def _of_sheet(path: Path, name: str) -> SourceKeys:
    header = header_of([[cell or "" for cell in row] for row in cells(path, name).rows()])
    return {"sheet": name, "header": _lines(header)} if header != (1,) else {"sheet": name}


def _lines(header: tuple[int, ...]) -> int | list[int]:
    return list(header) if len(header) > 1 else sum(header)


def _sketch(paths: tuple[Path, ...], written: SourceKeys, hints: Hints) -> File:
    sample = _sample(_frame(paths, written).drop(ROW, FILE))
    words = _words(sample)
    written = written | ({"empty": words} if words else {})
    frame = _frame(paths, written).drop(ROW, FILE)
    sample = _sample(frame) if words else sample
    columns = [column_of(series, hints) for series in sample]
    columns = by_all(frame, sample, columns, hints) if sample.height == SAMPLE else columns
    return File(paths[0], tuple(settled(columns)), sample.height, hints, written, paths[1:])


def _frame(paths: tuple[Path, ...], written: SourceKeys) -> pl.LazyFrame:
    folder = Path(commonpath([path.parent for path in paths]))
    named = [str(path.relative_to(folder)) for path in paths]
    source = Source.model_validate({"file": named, **written})
    return unrolled(read_source(source, folder), source, source.label)


def _words(sample: pl.DataFrame) -> list[str]:
    """Words for empty that the text columns of a file have, as they stand there."""
    texts = [name for name, kind in sample.schema.items() if kind == pl.String]
    cells = (sample[name].str.strip_chars().unique().drop_nulls() for name in texts)
    return sorted({word for one in cells for word in one.filter(one.str.to_lowercase().is_in(list(EMPTY)))})


def _sample(frame: pl.LazyFrame) -> pl.DataFrame:
    """Rows at even distances, the first and the last among them."""
    count = int(frame.select(pl.len()).collect().item())
    if count <= SAMPLE:
        return frame.collect()
    step = -(-count // (SAMPLE // 2))
    place = pl.int_range(pl.len())
    return frame.filter((place % step == 0) | (place >= count - SAMPLE // 4)).collect().tail(SAMPLE)
