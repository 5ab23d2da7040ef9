"""Exports of well-known systems: recognised by their headers, read by a mapping that is there already."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from features.sources.proposal.column_profile import File

FOLDER = Path(__file__).parents[1] / "presets"


@dataclass(frozen=True)
class Preset:
    """How one system writes one of its exports.

    Parameters
    ----------
    system, documented_at
        What it is called, and where its makers describe it.
    recognised_by
        Headers that a file of it has.
    look_at
        What was decided, for a human to look at.
    source, tables
        As in a mapping file; parts name no source, there is one.
    """

    system: str
    documented_at: str
    recognised_by: tuple[str, ...]
    look_at: tuple[str, ...]
    source: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]

    def parts(self, source: str, file: File) -> dict[str, list[dict[str, Any]]]:
        """Write the parts of tables over a source, without columns that the file does not have."""
        there = {column.name for column in file.columns} | set(self.source.get("fields", ()))
        return {
            table: [{"source": source, **part, "columns": _present(part["columns"], there)} for part in parts]
            for table, parts in self.tables.items()
        }

    def said(self, label: str) -> list[str]:
        """Say which preset was taken, how to leave it, and what it decided."""
        taken = f"{label}: taken as {self.system} ({self.documented_at}); `--no-presets` reads it as any file"
        return [taken, *(f"{label}: {sentence}" for sentence in self.look_at)]


def _present(columns: dict[str, Any], there: set[str]) -> dict[str, Any]:
    """Cells of columns that a file has; exports of a system differ by what was ticked."""
    named = {key: cell if isinstance(cell, str) else cell.get("column") for key, cell in columns.items()}
    return {key: columns[key] for key, column in named.items() if column is None or column in there}


@cache
def presets() -> tuple[Preset, ...]:
    """Read all presets, those with the most headers first."""
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    made = [_made(one) for one in found]
    return tuple(sorted(made, key=lambda one: -len(one.recognised_by)))


def _made(one: dict[str, Any]) -> Preset:
    return Preset(**{"source": {}} | one | {key: tuple(one[key]) for key in ("recognised_by", "look_at")})


def preset_of(file: File) -> Preset | None:
    """Find the preset whose headers a file has, all of them."""
    names = {column.name for column in file.columns}
    return next((one for one in presets() if names.issuperset(_needed(one))), None)


def _needed(preset: Preset) -> Iterable[str]:
    return (*preset.recognised_by, *preset.source.get("fill_down", {}).get("columns", ()))
