"""How files and folders are written: aside and renamed; readers see all of it or what was there before."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path, contended: bool = False, mode: int | None = None) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to, and rename it to ``path`` at the end.

    The folder is made. Where the block raises, what was written is removed and ``path`` stays as it was.

    Parameters
    ----------
    contended
        Whether several may write ``path`` at once, such as workers of a service or a task of a cluster that
        is run twice: each has a hidden place of its own, and one file is left.
    mode
        Who may read the file, from its first byte on: 0o600 for what is nobody else's business.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid4().hex}" if contended else f"{path.name}.part")
    try:
        if mode is not None:
            aside.touch(mode)
        yield aside
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    aside.rename(path)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``folder`` to write into, which takes its place at the end.

    Where the block raises, what was written is removed and ``folder`` stays as it was.
    """
    aside, former = (folder.with_name(f"{folder.name}.{end}") for end in ("part", "former"))
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(former, ignore_errors=True)
    if folder.exists():
        folder.rename(former)
    aside.rename(folder)
    shutil.rmtree(former, ignore_errors=True)
