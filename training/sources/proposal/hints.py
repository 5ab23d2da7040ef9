"""What a user says about files, where it cannot be seen: which column is the outcome, which the time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.sources.proposal.column_profile import Column
    from training.sources.proposal.file_profile import File


@dataclass(frozen=True)
class Hints:
    """Names of columns, the format of times (``%d.%m.%Y``), and whether known exports are recognised."""

    label: str | None = None
    time: str | None = None
    format: str | None = None
    presets: bool = True

    def check(self, files: "Sequence[File]") -> None:
        """Raise ``ValueError`` where a named column is in no file, or is not what it is said to be."""
        for option, name in (("--label", self.label), ("--time", self.time)):
            found = [column for file in files for column in file.columns if column.name == name]
            if name is not None and not found:
                there = "; ".join(f"{f.label}: {', '.join(c.name for c in f.columns)}" for f in files)
                raise ValueError(f"{option} {name!r}: no file has such a column; there are {there}")
            for column in found:
                self._check(option, column)
        if self.format is not None and not any(
            c.readings == ((self.format,),) for f in files for c in f.columns
        ):
            where = f"column {self.time!r}" if self.time else "no column of any file"
            raise ValueError(f"--format {self.format!r}: {where} reads by it in every row looked at")

    def _check(self, option: str, column: "Column") -> None:
        if option == "--label" and len(column.two) != 2:
            raise ValueError(
                f"--label {column.name!r}: has {column.distinct} different values; an outcome has two. "
                "Make one with `sql:` in the mapping"
            )
        if option == "--time" and column.kind != "time" and self.format is None:
            raise ValueError(f"--time {column.name!r}: its values do not read as times; say their --format")


NONE = Hints()
