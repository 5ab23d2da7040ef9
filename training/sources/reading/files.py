"""Files as lazy frames: CSV, JSON lines (both also gzip), Parquet, workbooks, folders and zips of them."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from training.sources.mapping.source_spec import Source
from training.sources.reading.containers import container_of, parts, plain, unpacked
from training.sources.reading.dialect import opened
from training.sources.reading.header import names_of
from training.sources.reading.workbook import cells

SUFFIXES = {
    "csv": "csv",
    "tsv": "csv",
    "parquet": "parquet",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
    "xlsx": "workbook",
    "xlsm": "workbook",
    "xlsb": "workbook",
    "xls": "workbook",
    "ods": "workbook",
}
LOOKED_AT = 200  # rows after the names, to see whether they have cells beyond them
TEXT_MARKS = (r'^\s*="(.*)"\s*$', r"^\s*'([^']*)$")
ROW, FILE = "_row", "_file"


def kind_of(path: Path) -> str | None:
    """Return ``csv``, ``parquet``, ``jsonl`` or ``workbook`` by the file's name, a trailing ``.gz`` aside."""
    name = path.name.removesuffix(".gz")
    return SUFFIXES.get(name.rpartition(".")[2].lower())


def files(path: Path, kind: str | None = None) -> list[Path]:
    """Return the file itself, or the files of a known kind of a folder or a zip, in the order of their names.

    What is in a zip or a database file is unpacked (``containers.unpacked``).
    """
    if path.is_file() or container_of(path):
        return [unpacked(one) for one in tables_in(path)]
    if not path.exists():
        raise FileNotFoundError(f"{path}: not found")
    there = sorted(file for file in path.rglob("*") if file.is_file())
    packed = {file: tables_in(file) for file in there if file.suffix.lower() == ".zip"}
    found = [
        unpacked(one)
        for file in there
        for one in packed.get(file, [file])
        if file in packed or kind or kind_of(file)
    ]
    if not found:
        raise FileNotFoundError(f"{path}: no file in this folder; allowed are {sorted(SUFFIXES)}")
    return found


def tables_in(path: Path) -> list[Path]:
    """Return the tables of a zip or a database file, each named as if that were a folder.

    Else the path itself.

    Raises
    ------
    ValueError
        See ``containers.parts``.
    """
    return parts(path, lambda name: kind_of(name) is not None)


def read(source: Source, root: Path) -> pl.LazyFrame:
    """Read the rows of a source, each with its number (from 1) as ``_row`` and its file's name as ``_file``.

    CSV cells are text: types come from the contract, not from guesses (an id ``007`` stays one).
    A nested JSON object comes in as columns named ``outer.inner``.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        A file that cannot be read, or that lacks a column which the first file of its folder has.
    """
    found = [file for path in source.paths for file in files(root / path, source.format)]
    frames = [_one(path, source) for path in found]
    names = frames[0].collect_schema().names()
    for path, frame in zip(found[1:], frames[1:], strict=True):
        missing = sorted(set(names) - set(frame.collect_schema().names()))
        if missing:
            raise ValueError(f"{path}: columns {missing} are missing, which {found[0].name} has")
    return pl.concat([frame.select(names) for frame in frames], how="vertical_relaxed")


def _one(path: Path, source: Source) -> pl.LazyFrame:
    kind = source.format or kind_of(path)
    if kind is None:
        raise ValueError(f"{path}: kind of file not known; allowed are {sorted(SUFFIXES)}, or say `format:`")
    try:
        frame = _scan(plain(path), kind, source)
        names = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError, EOFError, ValueError, LookupError, csv.Error) as error:
        raise ValueError(f"{path}: not readable as {kind}: {first_line(error)}") from None
    if not names:
        raise ValueError(f"{path}: no columns found")
    return frame.with_row_index(ROW, 1).with_columns(
        pl.col(ROW).cast(pl.Int64), pl.lit(path.name).alias(FILE)
    )


def _scan(path: Path, kind: str, source: Source) -> pl.LazyFrame:
    if kind == "parquet":
        return _unnested(pl.scan_parquet(path, glob=False))
    if kind == "csv":
        return _clean(_csv(path, source), source)
    if kind == "workbook":
        return _clean(_sheet(path, source), source)
    return _clean(_unnested(_json(path)), source)


def _csv(path: Path, source: Source) -> pl.LazyFrame:
    sep = "\t" if source.sep == "," and ".tsv" in path.name else source.sep
    wide = source.encoding.lower() not in ("utf-8", "utf8")
    text = io.BytesIO(_decoded(path, source.encoding).encode()) if wide else path
    head = _Head.of(path, source.encoding, sep, source.header_lines)
    if source.header_lines == (1,) and not head.beyond:
        return pl.scan_csv(text, separator=sep, infer_schema=False, glob=False)
    names = names_of(head.names, head.width)
    frame = pl.scan_csv(
        text,
        separator=sep,
        infer_schema=False,
        glob=False,
        has_header=False,
        skip_lines=head.skipped,
        new_columns=names,
    )
    return frame.drop(names[head.width - head.beyond :]) if head.beyond else frame


def _decoded(path: Path, encoding: str) -> str:
    with opened(path) as file:
        return file.read().decode(encoding).removeprefix("\ufeff")


@dataclass(frozen=True)
class _Head:
    """The lines of a CSV file that hold its names, and how wide the rows after them are.

    ``skipped`` is the number of lines before the first row, ``beyond`` that of columns that have neither a
    name nor a cell, which a separator at the end of each line makes.
    """

    names: list[list[str]]
    width: int
    skipped: int
    beyond: int

    @staticmethod
    def of(path: Path, encoding: str, sep: str, lines: tuple[int, ...]) -> "_Head":
        with (
            opened(path) as file,
            io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="") as text,
        ):
            reader = csv.reader(text, delimiter=sep)
            above = list(islice(reader, max(lines, default=0)))
            skipped = reader.line_num
            rows = list(islice(reader, LOOKED_AT))
        names = [[cell.strip("\ufeff") for cell in above[line - 1]] for line in lines if line <= len(above)]
        named = max((len(line) for line in names), default=0)
        extra = [row[named:] for row in rows if len(row) > named]
        beyond = max(map(len, extra), default=0) if names and not any(map(any, extra)) else 0
        width = named + beyond if names else max(map(len, rows), default=0)
        return _Head(names, width, skipped, beyond)


def _sheet(path: Path, source: Source) -> pl.LazyFrame:
    found = cells(path, source.sheet)
    lines = [
        [cell or "" for cell in found.row(line - 1)] for line in source.header_lines if line <= found.height
    ]
    rows = found[max(source.header_lines, default=0) :]
    rows = rows.rename(dict(zip(rows.columns, names_of(lines, rows.width), strict=True)))
    return rows.filter(pl.any_horizontal(pl.all().is_not_null())).lazy()


def _json(path: Path) -> pl.LazyFrame:
    """JSON lines, or one list of objects."""
    with opened(path) as file:
        listed = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    if not listed:
        return pl.scan_ndjson(path, infer_schema_length=None)
    with opened(path) as file:
        return pl.read_json(file.read(), infer_schema_length=None).lazy()


def _clean(frame: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """Text cells without the marks of spreadsheets, and empty where they hold a word for empty."""
    texts = [name for name, kind in frame.collect_schema().items() if kind == pl.String]
    marks = TEXT_MARKS if source.text_marks else ()
    for mark in marks:
        frame = frame.with_columns(pl.col(texts).str.replace(mark, "$1"))
    words = [word.strip().lower() for word in source.empty]
    if words:
        is_word = pl.col(texts).str.strip_chars().str.to_lowercase().is_in(words)
        frame = frame.with_columns(pl.when(~is_word).then(pl.col(texts)).name.keep())
    return frame


def _unnested(frame: pl.LazyFrame) -> pl.LazyFrame:
    for name, dtype in frame.collect_schema().items():
        if isinstance(dtype, pl.Struct):
            inner = [pl.col(name).struct.field(f.name).alias(f"{name}.{f.name}") for f in dtype.fields]
            return _unnested(frame.with_columns(inner).drop(name))
    return frame


@contextmanager
def readable(file: str, place: str) -> Iterator[None]:
    """Turn what goes wrong while rows are read into one sentence."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"{file}: not readable ({place}): {first_line(error)}") from None


def first_line(error: BaseException) -> str:
    """Put an error of another library into one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
