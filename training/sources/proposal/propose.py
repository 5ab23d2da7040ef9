"""Propose a mapping for files that nobody has described yet, and say what is unsure about it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from os.path import commonpath
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from features import tables as contract
from features.personal_keys import VARIABLE as KEY_VARIABLE
from features.requirements import NONE as NO_TASKS
from features.requirements import Requirements, concerned
from training.sources.proposal.file_profile import File, sketches
from training.sources.proposal.guess import Guess
from training.sources.proposal.hints import NONE, Hints
from training.sources.proposal.infer_mapping import as_table, converted, flat, guess, unmatched
from training.sources.proposal.outcomes import settled
from training.sources.proposal.own_tables import own_tables_of
from training.sources.proposal.reexports import brought_together, together, without_repeats

Tables = dict[str, list[dict[str, Any]]]
OWN = "own"  # in the place of a table of the contract


class _Plain(yaml.SafeDumper):
    """No anchors: cells that are alike are each written out."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never refer to an earlier value."""
        return True


@dataclass(frozen=True)
class Proposal:
    """The text of a mapping file, and what a human should look at."""

    text: str
    unsure: list[str]


def propose(files: Sequence[Path], hints: Hints = NONE, requirements: Requirements = NO_TASKS) -> Proposal:
    """A mapping over files (or folders of files), each as the table that it resembles most.

    ``requirements`` are those of the tasks that the mapping might serve.

    Raises
    ------
    FileNotFoundError, ValueError
        No file was named, or one that is not there; ``hints`` that no file bears out.
    """
    if not files:
        raise ValueError("no file given; name the files, or folders of files of one kind")
    paths = list(dict.fromkeys(path.expanduser().resolve() for path in files))  # each is read once
    looked, unsure = _looked(paths, hints)
    hints.check(looked)
    looked = brought_together(looked, guess)
    unsure += [said for file in looked for said in _numbered_days(file)]
    tried = _guessed(looked)
    guesses = [made for _, made in tried if made is not None]
    unplaced = [file for file, made in tried if made is None]
    guesses = [without_repeats(made) for made in settled(guesses, as_table)]
    unsure += [said for made in guesses for said in made.unsure]
    if not guesses:
        unsure += [*_resembling_none(unplaced), *_outcomes(unplaced)]
        return Proposal(_head(unsure) + _unplaced(unplaced) + _empty(paths[0].parent), unsure)
    folder = paths[0].parent if len(paths) == 1 else Path(commonpath([path.parent for path in paths]))
    every = _named([*guesses, *(Guess(file, OWN, {}) for file in together(unplaced))], folder)
    named, others = every[: len(guesses)], {name: made.file for name, made in every[len(guesses) :]}
    tables, sources = _tables(named), {name: _source(made, folder) for name, made in every}
    own = own_tables_of(others, tables, sources, {name: made.file for name, made in named})
    unplaced = [file for name, file in others.items() if name not in own.files]
    unsure = [*_keyed(tables), *_consent(tables), *unsure, *unmatched(set(tables)), *own.unsure]
    unsure += [*_resembling_none(unplaced), "times that name no zone are taken as UTC (`time_zone:`)"]
    kept = {name: source for name, source in sources.items() if name not in others or name in own.files}
    body = _body(named, folder, kept, tables, own.tables, requirements)
    return Proposal(_head(unsure) + body + _unplaced(unplaced), unsure)


def _resembling_none(files: list[File]) -> list[str]:
    whys = {file.label: "" if file.times else " (no column holds a time)" for file in files}
    return [
        f"{label}: resembles no table of the contract{why}, and stands as a comment"
        for label, why in whys.items()
    ]


def _guessed(files: list[File]) -> list[tuple[File, Guess | None]]:
    """Each file with what it is; one that is alone may be a flat table by any name."""
    alone = len(files) == 1
    return [(file, guess(file) or (flat(file) if alone else None)) for file in files]


def _outcomes(files: list[File]) -> Iterator[str]:
    """Which columns could be the outcome of a flat table."""
    for file in files:
        two = [column.name for column in file.columns if len(column.two) == 2]
        if two:
            names = " or ".join(two)
            yield f"{file.label}: if it has one row a subject, its outcome may be `--label` {names}"


def _looked(paths: Sequence[Path], hints: Hints) -> tuple[list[File], list[str]]:
    """The files that can be read, and a doubt about each that cannot."""
    found, unsure = [], []
    for path in paths:
        try:
            found += sketches(path, hints)
        except FileNotFoundError:
            raise  # a wrong path is the caller's, not the file's
        except (ValueError, OSError, pl.exceptions.PolarsError) as error:
            unsure.append(f"{path.name}: could not be read, and is left out: {' '.join(str(error).split())}")
    return found, unsure


def _head(unsure: list[str]) -> str:
    notes = "".join(f"# - {sentence}\n" for sentence in unsure)
    return f"# Proposed by what the files look like. Look at:\n{notes}\n"


def _cells(tables: Tables) -> Iterator[tuple[str, Any]]:
    return (pair for parts in tables.values() for part in parts for pair in part["columns"].items())


def _keyed(tables: Tables) -> list[str]:
    """Ids that are e-mail addresses or phone numbers, and what replaces them needs."""
    if not any(isinstance(cell, dict) and "hash" in cell for _, cell in _cells(tables)):
        return []
    return [
        f"ids are made of e-mail addresses or phone numbers with a secret key: set {KEY_VARIABLE}, keep it, "
        "and give the service the same (`hash:`)"
    ]


def _consent(tables: Tables) -> list[str]:
    """Members or leads of whom no file says whether they may be scored."""
    people = {"members", "leads", "purchases", "contacts", "events"} & set(tables)
    if not people or any(name == "consent_profiling" for name, _ in _cells(tables)):
        return []
    return [
        "consent: no column says who may be scored. Models are trained and reported, but batch and service "
        "suppress everybody until consents are brought, or `unknown: {profiling: score}` is decided"
    ]


def _numbered_days(file: File) -> list[str]:
    """Whole numbers named as days: they count from a start that no file tells."""
    found = [
        c.name for c in file.columns if c.kind == "number" and re.search(r"(?i)(^|_)(day|week)s?$", c.name)
    ]
    return [
        f"{file.label}: {name} is a number; if it counts time, `since: DATE` and `unit: days` make it one"
        for name in found
    ]


def _unplaced(files: list[File]) -> str:
    """What resembles no table, as comments: its columns, and what each table would need."""
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
    return "".join(f"# {line}\n" for line in lines)


def _empty(folder: Path) -> str:
    """The frame of a mapping without tables; `check` says what is to be filled in."""
    return yaml.safe_dump(
        {"about": "To be said in one sentence.", "folder": str(folder)}, sort_keys=False
    ) + ("sources: {}\ntables: {}\n")


def _body(
    named: list[tuple[str, Guess]],
    folder: Path,
    sources: dict[str, Any],
    tables: Tables,
    own: dict[str, Any],
    requirements: Requirements,
) -> str:
    guesses = [made for _, made in named]
    there = set(tables)
    lacks = {task: needs.missing(there) for task, needs in concerned(requirements, there).items()}
    tasks = [task for task, why in lacks.items() if not why]
    content: dict[str, Any] = {
        "about": f"Proposed from {', '.join(name for name, _ in named)}; to be said in one sentence.",
        "folder": str(folder),
        "time_zone": "UTC",
    }
    undated = [made for made in guesses if not made.dated]
    if undated:  # no row tells how new the data are; the file does
        content["extracted_at"] = max(_written(path) for made in undated for path in made.file.paths)
    if there - {"subjects", "leads", "responses"}:
        content["unknown_members"] = "add"
    content |= {"sources": sources, "tables": tables} | ({"own_tables": own} if own else {})
    left_out = {task: why for task, why in lacks.items() if why}
    content |= {"left_out": left_out} if left_out else {}
    params: dict[str, Any] = {"tasks": tasks} if tasks else {}
    if _consent(tables):
        params["consent"] = {"unknown": {"profiling": "suppress", "marketing": "score"}}
    params |= {"spine": {"given": {"dated": False}}} if undated else {}
    content |= {"params": params} if params else {}
    return yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


def _tables(named: list[tuple[str, Guess]]) -> Tables:
    tables: Tables = {}
    kinds = [made.table for _, made in named]
    for name, made in named:
        alone = made.file.is_alone and kinds.count(made.table) == 1
        parts = made.preset.parts(name, made.file) if made.preset else {}
        parts = parts or {made.table: [_part(name, _told_apart(made, alone))]}
        for table, found in parts.items():
            tables.setdefault(table, []).extend(found)
        for table, part in made.further.items():
            tables.setdefault(table, []).append({"source": name, **part})
    return tables


def _written(path: Path) -> str:
    """The day on which a file, or the newest of a folder, was written."""
    files = [found for found in path.rglob("*") if found.is_file()] if path.is_dir() else [path]
    newest = max(file.stat().st_mtime for file in files)
    return datetime.fromtimestamp(newest, UTC).date().isoformat()


def _named(guesses: list[Guess], folder: Path) -> list[tuple[str, Guess]]:
    """Each guess with a name of its own for its source, as short as the others allow."""
    short = [_plain(made.file.path.name.split(".")[0], made) for made in guesses]
    long = [_plain(str(made.file.path.relative_to(folder).with_suffix("")), made) for made in guesses]
    names = [brief if short.count(brief) == 1 else whole for brief, whole in zip(short, long, strict=True)]
    told = [name if names.count(name) == 1 else f"{name}_{n}" for n, name in enumerate(names, 1)]
    return list(zip(told, guesses, strict=True))


def _plain(name: str, made: Guess) -> str:
    """A name without dots and slashes, and with the sheet where it is of a workbook."""
    sheet = made.file.written.get("sheet")
    return re.sub(r"[./\\\s]+", "_", f"{name} {sheet}" if sheet else name)


def _source(made: Guess, folder: Path) -> dict[str, Any]:
    fields = converted(made) | made.fields
    paths = [str(path.relative_to(folder)) for path in made.file.paths]
    found = {"file": paths if len(paths) > 1 else paths[0], **made.file.written}
    found |= {"newest": made.newest} if made.newest else {}
    if made.preset:
        return found | made.preset.source_of(made.file)
    return found | ({"fields": fields} if fields else {})


def _told_apart(made: Guess, alone: bool) -> Guess:
    """Rows counted anew in each file are told apart by the file, where a table has several."""
    if alone:
        return made
    row = {"column": "_row"}
    own = {"sql": "CONCAT(_file, ':', CAST(_row AS VARCHAR))"}
    return replace(made, cells={name: own if cell == row else cell for name, cell in made.cells.items()})


def _part(name: str, made: Guess) -> dict[str, Any]:
    plain = {key: cell["column"] if set(cell) == {"column"} else cell for key, cell in made.cells.items()}
    part: dict[str, Any] = {"source": name}
    if made.table == "members":
        part["keep"] = "changes"
    if made.where:
        part["where"] = made.where
    part["columns"] = plain
    return part | ({"attributes": list(made.attributes)} if made.attributes else {})
