"""Steps that can be killed and started again: written aside, renamed, marked with their sources."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from features.replacing import replacing_folder
from training.io import read_json, say, sha256, write_json

MARK = "made_from.json"
PACKAGES = ("features", "models", "training")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Step:
    """A folder that one step writes.

    Parameters
    ----------
    folder
        Where what the step makes lies, as a whole or not at all.
    made_from
        Everything that it hangs on, as plain data: another value, and it is made anew.
    """

    folder: Path
    made_from: Mapping[str, Any]

    @property
    def mark(self) -> str:
        """The hash of ``made_from``, by which later steps name this one."""
        return digest(self.made_from)

    @property
    def is_done(self) -> bool:
        """Whether the folder is there and was made from the same."""
        path = self.folder / MARK
        return path.exists() and read_json(path)["mark"] == self.mark

    def made(self, write: Callable[[Path], object]) -> "Step":
        """Return this step, done: ``write`` fills its folder, unless it was made from the same before."""
        if not self.is_done:
            with self.making() as out:
                write(out)
        return self

    @contextmanager
    def making(self) -> Iterator[Path]:
        """Give an empty folder to write into; it takes the place of the step's where nothing fails."""
        say(f"spark: {'/'.join(self.folder.parts[-2:])}")
        with replacing_folder(self.folder) as aside:
            yield aside
            write_json(aside / MARK, {"mark": self.mark, "made_from": self.made_from})


def digest(content: Any) -> str:
    """Return the hash of plain data."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@cache
def code() -> str:
    """Return the hash of the code that makes models: other code makes every step anew."""
    found = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".yaml"):
                found.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return found.hexdigest()


def hashed(folders: Iterable[Path]) -> dict[str, str]:
    """Return the hash of every file in some small folders, by folder and name; none of those not there."""
    files = sorted(path for folder in folders for path in folder.glob("*") if path.is_file())
    return {f"{path.parent.name}/{path.name}": sha256(path) for path in files}


def stamped(folder: Path) -> list[list[Any]]:
    """Return names, sizes and times of all files below a folder: as good as their content, and at once."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [[str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
