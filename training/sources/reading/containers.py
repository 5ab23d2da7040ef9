"""Tables in a zip or a database file, named as if the file were a folder (``export.zip/orders.csv``).

What is packed, a ``.gz`` too, is unpacked here alone, once a process, and never to more than is allowed.
"""

import atexit
import gzip
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, cast

LIMIT = 20 * 2**30  # bytes that a member of a zip, or a `.gz`, may unpack to
RATIO = 200  # times its packed size that it may be, where it has more than ENOUGH bytes
ENOUGH = 100 * 2**20
BLOCK = 2**20
DATABASE = b"SQLite format 3\0"  # the first bytes
NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*'"


def container_of(path: Path) -> Path | None:
    """Return the file of which a path names a part.

    ``None`` where it names a file or a folder, or nothing.
    """
    if path.exists():
        return None
    return next((parent for parent in path.parents if parent.is_file()), None)


def held_by(path: Path) -> Path:
    """Return the file on disk that holds what a path names."""
    return container_of(path) or path


def is_database(path: Path) -> bool:
    """Tell whether a file is an SQLite database, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


def is_in_database(path: Path) -> bool:
    """Tell whether a path names a table of a database file."""
    container = container_of(path)
    return container is not None and is_database(container)


def parts(path: Path, is_table: Callable[[Path], bool]) -> list[Path]:
    """Name the tables in a zip or a database file, in order; the path itself where it is neither.

    Parameters
    ----------
    is_table
        Tells by a name whether a file may be a table.

    Raises
    ------
    ValueError
        A zip that cannot be read, or holds no table; a database that cannot be read, or has none.
    """
    if not path.is_file():
        return [path]
    if path.suffix.lower() == ".zip":
        return _members(path, is_table)
    return [path / name for name in _tables(path)] if is_database(path) else [path]


def _members(path: Path, is_table: Callable[[Path], bool]) -> list[Path]:
    with _zip(path) as archive:
        names = [_name(info) for info in archive.infolist() if not info.is_dir()]
    seen = [Path(name) for name in names if not _is_hidden(Path(name))]
    found = [one for one in seen if is_table(one)] or [one for one in seen if one.suffix.lower() == ".txt"]
    if not found:
        held = ", ".join(map(str, seen[:5])) or "nothing"
        raise ValueError(f"{path.name}: no table in this zip; it holds {held}")
    return [path / one for one in sorted(found)]


def _is_hidden(name: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.parts)


def _tables(path: Path) -> list[str]:
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            found = [str(name) for (name,) in connection.execute(f"{NAMES} ORDER BY name")]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise ValueError(f"{path.name}: not readable as an SQLite database: {error}") from None
    if not found:
        raise ValueError(f"{path.name}: no table in this database")
    return found


def unpacked(path: Path) -> Path:
    """Return what a path names as a file on disk: itself, else a copy that lasts as long as the process.

    Raises
    ------
    FileNotFoundError
        Nothing of that name is in the file.
    ValueError
        What is packed with a password, broken, or unpacks to more than is allowed.
    """
    container = container_of(path)
    if container is None:
        return path
    held = container.stat()
    return _unpacked(container, str(path.relative_to(container)), held.st_mtime_ns, held.st_size)


@cache
def _unpacked(container: Path, name: str, _changed: int, _size: int) -> Path:
    folder = Path(mkdtemp(dir=_folder()))
    if container.suffix.lower() == ".zip":
        return _extracted(container, name, folder)
    if not is_database(container):
        raise FileNotFoundError(f"{container / name}: not found; {container.name} is no zip and no database")
    if name not in _tables(container):
        raise FileNotFoundError(f"{container.name}: no table {name!r} in this database")
    from training.sources.mapping.source_spec import Source
    from training.sources.reading.database_copy import copied

    out = folder / f"{name}.parquet"
    copied(Source.model_validate({"url": f"sqlite:///{container}", "table": name}), container.parent, out)
    return out


def plain(path: Path) -> Path:
    """Return a file as it is, else a copy of a ``.gz`` without its packing, as long as the process lasts.

    Raises
    ------
    ValueError
        A ``.gz`` that is broken, or unpacks to more than is allowed.
    """
    if not path.name.endswith(".gz"):
        return path
    held = path.stat()
    return _plain(path, held.st_mtime_ns, held.st_size)


@cache
def _plain(path: Path, _changed: int, size: int) -> Path:
    """One copy of each state of a file, however often it is read."""
    out = Path(mkdtemp(dir=_folder())) / path.name.removesuffix(".gz")
    try:
        with gzip.open(path) as packed, out.open("wb") as file:
            _copy(cast("IO[bytes]", packed), file, _most(size), path.name)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path.name} cannot be unpacked: {error}") from None
    return out


def _most(size: int) -> int:
    """Bytes that so many packed ones may unpack to."""
    return min(LIMIT, max(ENOUGH, RATIO * size))


def _extracted(container: Path, name: str, folder: Path) -> Path:
    with _zip(container) as archive:
        infos = {_name(info): info for info in archive.infolist()}
        if name not in infos:
            raise FileNotFoundError(f"{container.name}: no {name!r} in this zip; there are {sorted(infos)}")
        info = infos[name]
        if info.flag_bits & 1:
            raise ValueError(f"{container.name}: {name} is packed with a password; unpack it first")
        out = folder / Path(name).name
        try:
            with archive.open(info) as packed, out.open("wb") as file:
                _copy(packed, file, _most(info.compress_size), f"{container.name}: {name}")
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError) as error:
            raise ValueError(f"{container.name}: {name} cannot be unpacked: {error}") from None
    return out


def _copy(packed: IO[bytes], file: IO[bytes], most: int, what: str) -> None:
    """Copy block by block: sizes that a zip states may be wrong."""
    done = 0
    while block := packed.read(BLOCK):
        done += len(block)
        if done > most:
            raise ValueError(
                f"{what} unpacks to more than {most / 2**20:,.0f} MB, which no table does; unpack it by hand "
                "if it is right"
            )
        file.write(block)


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"{path.name}: not readable as a zip: {error}") from None


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name, also where it is written in UTF-8 without saying so, or as Windows does in China."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    written = info.filename.encode("cp437", errors="ignore")
    for encoding in ("utf-8", "gb18030"):
        try:
            return written.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


@cache
def _folder() -> str:
    """Where copies lie until the process ends."""
    made = mkdtemp(prefix="memberlens-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
