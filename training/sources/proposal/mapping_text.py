"""The text of a proposed mapping: doubts as comments, sources, tables and settings, what is in no table."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from features import tables as contract
from features.own_tables import PREFIX
from features.requirements import Requirements, concerned
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import Cell, OwnTables, SourceKeys, Tables
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.containers import held_by


class _Plain(yaml.SafeDumper):
    """No anchors: cells that are alike are each written out."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never refer to an earlier value."""
        return True


def head_of(unsure: list[str]) -> str:
    """Write what is unsure as comments."""
    notes = "".join(f"# - {_printed(sentence)}\n" for sentence in unsure)
    return f"# Proposed by what the files look like. Look at:\n{notes}\n"


def cells(tables: Tables) -> Iterator[tuple[str, Cell]]:
    """Yield the cells of all parts, each with its column."""
    return (pair for parts in tables.values() for part in parts for pair in part["columns"].items())


def without_consent(tables: Tables) -> list[str]:
    """Find members or leads of whom no file says whether they may be scored."""
    people = {"members", "leads", "purchases", "contacts", "events"} & set(tables)
    if not people or any(name == "consent_profiling" for name, _ in cells(tables)):
        return []
    return [
        "consent: no column says who may be scored. Models are trained and reported, but batch and service "
        "suppress everybody until consents are brought, or `unknown: {profiling: score}` is decided"
    ]


def unplaced_as_comments(files: list[File]) -> str:
    """Write what resembles no table as comments: its columns, and what each table would need."""
    lines = []
    for file in files:
        columns = ", ".join(f"{column.name} ({column.kind})" for column in file.columns)
        lines += [f"{file.label}: resembles no table. Its columns: {columns}"]
    if not lines:
        return ""
    lines.append("What a table needs at least:")
    for table in contract.TABLES:
        needed = [name for name, spec in contract.columns(table).items() if not spec.nullable]
        lines.append(f"  {table}: {', '.join(needed)}")
    return "".join(f"# {_printed(line)}\n" for line in lines)


def _printed(text: str) -> str:
    """A comment on one line, of signs that YAML allows."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def without_tables(folder: Path) -> str:
    """Write the frame of a mapping without tables; `check` says what is to be filled in."""
    return yaml.safe_dump(
        {"about": "To be said in one sentence.", "folder": str(folder)}, sort_keys=False
    ) + ("sources: {}\ntables: {}\n")


def body_of(
    named: list[tuple[str, TableProposal]],
    folder: Path,
    sources: dict[str, SourceKeys],
    tables: Tables,
    own: OwnTables,
    unread: dict[str, str],
    requirements: Requirements,
) -> str:
    """Write the mapping itself."""
    guesses = [made for _, made in named]
    there = set(tables)
    ending = {f"{PREFIX}{name}" for name, one in own.items() if {"ends_at", "renews_days"} & set(one)}
    fed = there | ending
    lacks = {task: needs.missing(fed) for task, needs in concerned(requirements, fed).items()}
    tasks = [task for task, why in lacks.items() if not why]
    content: dict[str, Any] = {
        "about": f"Proposed from {', '.join(name for name, _ in named)}; to be said in one sentence.",
        "folder": str(folder),
        "time_zone": "UTC",
    }
    undated = [made for made in guesses if not made.dated]
    if undated:  # no row tells how new the data are; the file does
        content["extracted_at"] = max(_written(path) for made in undated for path in made.file.paths)
    if there - {"subjects", "leads", "responses", "closures"}:
        content["unknown_members"] = "add"
    content |= {"sources": sources, "tables": tables} | ({"own_tables": own} if own else {})
    content |= {"unread": unread} if unread else {}
    left_out = {task: why for task, why in lacks.items() if why}
    content |= {"left_out": left_out} if left_out else {}
    params: dict[str, Any] = {"tasks": tasks} if tasks else {}
    if without_consent(tables):
        params["consent"] = {"unknown": {"profiling": "suppress", "marketing": "score"}}
    params |= {"spine": {"given": {"dated": False}}} if undated else {}
    content |= {"params": params} if params else {}
    return yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


def _written(path: Path) -> str:
    """The day on which a file, or the newest of a folder, was written."""
    files = [found for found in path.rglob("*") if found.is_file()] if path.is_dir() else [held_by(path)]
    newest = max(file.stat().st_mtime for file in files)
    return datetime.fromtimestamp(newest, UTC).date().isoformat()
