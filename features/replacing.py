"""How a file is written: aside and renamed, so that readers see all of it or what was there before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path, contended: bool = False) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to, and rename it to ``path`` at the end.

    The folder is made. Where the block raises, what was written is removed and ``path`` stays as it was.

    Parameters
    ----------
    contended
        Whether several may write ``path`` at once, such as a task of a cluster that is run twice: each has a
        hidden place of its own, and one file is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{uuid4().hex}-{path.name}" if contended else f"{path.name}.part")
    try:
        yield aside
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    aside.rename(path)
