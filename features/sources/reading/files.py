"""Files as lazy frames: CSV (also gzip), Parquet, JSON lines (also gzip), and folders of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from features.sources.mapping.source_spec import Source

SUFFIXES = {
    "csv": "csv",
    "tsv": "csv",
    "parquet": "parquet",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
}
ROW, FILE = "_row", "_file"


def kind_of(path: Path) -> str | None:
    """``csv``, ``parquet`` or ``jsonl`` by the file's name, a trailing ``.gz`` aside."""
    name = path.name.removesuffix(".gz")
    return SUFFIXES.get(name.rpartition(".")[2].lower())


def files(path: Path, kind: str | None = None) -> list[Path]:
    """The file itself, or a folder's files of a known kind, in the order of their names."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise FileNotFoundError(f"{path}: not found")
    found = sorted(file for file in path.rglob("*") if file.is_file() and (kind or kind_of(file)))
    if not found:
        raise FileNotFoundError(f"{path}: no file in this folder; allowed are {sorted(SUFFIXES)}")
    return found


def read(source: Source, root: Path) -> pl.LazyFrame:
    """The rows of a source, with the row's number (from 1) as ``_row`` and the file's name as ``_file``.

    CSV cells are text: types come from the contract, not from guesses (an id ``007`` stays one).
    A nested JSON object comes in as columns named ``outer.inner``.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        A file that cannot be read, or that lacks a column which the first file of its folder has.
    """
    found = files(root / source.file, source.format)
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
        frame = _scan(path, kind, source)
        names = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError, UnicodeError, LookupError) as error:
        raise ValueError(f"{path}: not readable as {kind}: {first_line(error)}") from None
    if not names:
        raise ValueError(f"{path}: no columns found")
    return frame.with_row_index(ROW, 1).with_columns(
        pl.col(ROW).cast(pl.Int64), pl.lit(path.name).alias(FILE)
    )


def _scan(path: Path, kind: str, source: Source) -> pl.LazyFrame:
    if kind == "parquet":
        return pl.scan_parquet(path, glob=False)
    if kind == "csv":
        sep = "\t" if source.sep == "," and ".tsv" in path.name else source.sep
        if source.encoding.lower() not in ("utf-8", "utf8"):
            return pl.read_csv(path, separator=sep, infer_schema=False, encoding=source.encoding).lazy()
        return pl.scan_csv(path, separator=sep, infer_schema=False, glob=False)
    return _unnested(pl.scan_ndjson(path, infer_schema_length=None))


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
    """An error of another library in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
