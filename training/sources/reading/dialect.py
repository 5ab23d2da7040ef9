"""How a text file is written: its encoding, its separator, and the lines on which its names stand."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import multimode
from typing import IO

from training.sources.reading.alphabets import is_central_european, is_chinese, is_cyrillic, is_japanese
from training.sources.reading.containers import plain
from training.sources.reading.header import header_of

BLOCK = 1 << 20  # bytes read at a time
SLICE = 1 << 15  # characters of each place in the file that are looked at
HEAD = 500  # rows by which the lines of the names are found
PLACES = 8  # in the file, the end included
SEPARATORS = ",;\t|"
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

WRITTEN = {"cp932": is_japanese, "gb18030": is_chinese, "cp1251": is_cyrillic}  # in this order


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Parameters
    ----------
    header
        Lines, from 1, that hold the names; none where the first line is data already.
    text_marks
        Whether cells are marked as text, as ``="0017"`` or ``'0017``.
    """

    encoding: str = "utf-8"
    sep: str = ","
    header: tuple[int, ...] = (1,)
    text_marks: bool = False


def opened(path: Path) -> IO[bytes]:
    """Open a file in bytes, unpacked where its name ends in ``.gz``."""
    return plain(path).open("rb")


def dialect_of(path: Path) -> Dialect:
    """Find out how a CSV file is written, from all of it.

    Raises
    ------
    ValueError
        A file that is no text.
    OSError
        A file that cannot be opened or unpacked.
    """
    encoding = encoding_of(path)
    text = _sample(path, encoding)
    sep = _separator(text)
    rows = list(_records(text, sep))
    return Dialect(encoding, sep, header_of(_placed(rows[:HEAD])), _is_marked(rows))


def encoding_of(path: Path) -> str:
    """Name the encoding: by its mark, else UTF-8 where all reads by it, else what reads well.

    Others come after UTF-8, which they would garble without an error.

    Raises
    ------
    ValueError
        A file that is no text.
    """
    with opened(path) as file:
        head = file.read(4096)
    marked = next((name for mark, name in MARKS.items() if head.startswith(mark)), None)
    wide = marked or _unmarked_utf16(head)
    if wide:
        return wide
    if b"\0" in head:
        raise ValueError("no text, but bytes; allowed are CSV, JSON lines, Parquet and workbooks")
    if _decodes(path, "utf-8"):
        return "utf-8"
    for encoding, reads_well in WRITTEN.items():
        if _decodes(path, encoding) and reads_well(_sample(path, encoding)):
            return encoding
    if not _decodes(path, "cp1252"):
        return "cp1250" if _decodes(path, "cp1250") else "latin-1"
    return "cp1250" if is_central_european(_sample(path, "cp1252")) else "cp1252"


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: of Latin text every other byte is zero."""
    half = len(head) // 2
    zeros = head[0 : 2 * half : 2].count(0), head[1::2].count(0)
    if max(zeros) < 0.4 * half or half == 0 or min(zeros) > 0.1 * half:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with opened(path) as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _sample(path: Path, encoding: str) -> str:
    """Text from places all over the file: its head whole, then whole lines of the others."""
    decoded: list[str] = []
    size = _size(path)
    with (
        opened(path) as file,
        io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="") as text,
    ):
        decoded.append(text.read(SLICE))
        # One stream is read through, not sought in: packed files and wide encodings allow no other way.
        step, read = max(size // PLACES, SLICE), SLICE
        while part := text.read(step):
            decoded.append(part[-SLICE:].partition("\n")[2] if read else part)
    return "".join(decoded).removeprefix("\ufeff")


def _size(path: Path) -> int:
    with opened(path) as file:
        return file.seek(0, io.SEEK_END)


def _separator(text: str) -> str:
    return max(SEPARATORS, key=lambda sep: _fit(text, sep))


def _fit(text: str, sep: str) -> float:
    """How evenly a separator cuts the lines, and whether what stands first looks like names."""
    widths = [len(row) for row in _records(text, sep) if any(cell.strip() for cell in row)]
    many = [width for width in widths if width > 1]
    if not many:
        return 0.0
    common = max(multimode(many))
    even = many.count(common) / len(widths)
    first = next(row for row in _records(text, sep) if len(row) == common)
    named = not any(cell.strip()[:1].isdigit() for cell in first)
    return even * (1 - 1 / common) + (0.5 if named else 0.0)


def _records(text: str, sep: str) -> Iterator[list[str]]:
    """Rows of cells; a quote that is never closed ends what can be looked at."""
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=sep)
    except csv.Error:
        return


def _placed(rows: list[list[str]]) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in rows]


def _is_marked(rows: list[list[str]]) -> bool:
    """Whether any column has text marks in nearly all of its cells."""
    body = rows[1:]
    width = max((len(row) for row in body), default=0)
    columns = ([row[place].strip() for row in body if len(row) > place] for place in range(width))
    return any(_mostly_marked([cell for cell in column if cell]) for column in columns)


def _mostly_marked(cells: list[str]) -> bool:
    marked = sum(cell.startswith(('="', "'")) and cell[-1:] not in ("'",) for cell in cells)
    return bool(cells) and marked > len(cells) / 2
