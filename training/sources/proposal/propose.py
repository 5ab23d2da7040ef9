"""Propose a mapping for files that nobody has described yet, and say what is unsure about it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from os.path import commonpath
from pathlib import Path

import polars as pl

from features.personal_keys import VARIABLE as KEY_VARIABLE
from features.requirements import NONE as NO_TASKS
from features.requirements import Requirements
from training.sources.proposal.bare_orders import why_none, with_bare_orders
from training.sources.proposal.consents_unread import unread
from training.sources.proposal.contracts_alone import members_of_contracts
from training.sources.proposal.file_profile import File, Places, sketches
from training.sources.proposal.flat_table import flat, with_fate
from training.sources.proposal.followers import unread_of, with_followers
from training.sources.proposal.hints import NONE, Hints
from training.sources.proposal.infer_mapping import as_table, converted, infer_mapping, unmatched
from training.sources.proposal.logged_contacts import sent_once
from training.sources.proposal.logs_by_file import logs_by_file
from training.sources.proposal.mapping_keys import (
    CellKeys,
    JoinKeys,
    PartKeys,
    SourceKeys,
    Tables,
    short,
)
from training.sources.proposal.mapping_text import (
    body_of,
    cells,
    head_of,
    unplaced_as_comments,
    without_consent,
    without_tables,
)
from training.sources.proposal.message_log import one_answer, unnamed_messages
from training.sources.proposal.order_heads import joined_presets, with_heads
from training.sources.proposal.outcomes import settled
from training.sources.proposal.own_contracts import is_contracts
from training.sources.proposal.own_tables import own_tables_of
from training.sources.proposal.phone_numbers import of_one_country
from training.sources.proposal.reexports import brought_together, together, without_repeats
from training.sources.proposal.same_orders import counted_once
from training.sources.proposal.several_products import a_product_a_row
from training.sources.proposal.stage_history import unread_histories, with_histories
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.containers import held_by, is_in_database
from training.sources.reading.files import tables_in

OWN = "own"  # in the place of a table of the contract


@dataclass(frozen=True)
class Proposal:
    """The text of a mapping file, and what a human should look at."""

    text: str
    unsure: list[str]


def propose(files: Sequence[Path], hints: Hints = NONE, requirements: Requirements = NO_TASKS) -> Proposal:
    """Propose a mapping over files (or folders of files), each as the table that it resembles most.

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
    looked, orders, of_systems = joined_presets(looked)
    lines = [(file, []) if file.beside else a_product_a_row(file) for file in looked]
    looked, heads, told = with_heads(brought_together([file for file, _ in lines], infer_mapping))
    unsure += [one for _, said in lines for one in said]
    unsure += [*of_systems, *told, *(said for file in looked for said in _numbered_days(file))]
    tried = logs_by_file(_guessed(looked))
    followed = with_followers(tried)
    heads += [*orders, *followed.used]
    unsure += followed.said
    guesses, again, twins = counted_once(settled(followed.guesses, as_table))
    guesses, without, begun = with_histories([without_repeats(made) for made in one_answer(guesses)])
    guesses, logged = sent_once(guesses)
    guesses, countries = of_one_country(guesses)
    unplaced = [*followed.unplaced, *again, *without]
    guesses += members_of_contracts(guesses, unplaced)
    unsure += [*twins, *begun, *logged, *countries, *_unread_logs(unplaced)]
    unsure += [said for made in guesses for said in made.unsure]
    if not guesses:
        unsure += [*_resembling_none(unplaced), *_outcomes(unplaced)]
        return Proposal(
            head_of(unsure) + unplaced_as_comments(unplaced) + without_tables(paths[0].parent), unsure
        )
    folder = paths[0].parent if len(paths) == 1 else Path(commonpath([path.parent for path in paths]))
    return _mapped(guesses, heads, unplaced, folder, unsure, requirements)


def _mapped(
    guesses: list[TableProposal],
    heads: list[File],
    unplaced: list[File],
    folder: Path,
    unsure: list[str],
    requirements: Requirements,
) -> Proposal:
    """Write the mapping over files of which some are known, and those joined to them."""
    own_files = together(unplaced)
    beside = [file for file in heads if not any(file is made.file for made in guesses)]
    every = _named([*guesses, *(TableProposal(file, OWN, {}) for file in [*own_files, *beside])], folder)
    named, last = every[: len(guesses)], len(guesses) + len(own_files)
    others = {name: made.file for name, made in every[len(guesses) : last]}
    called = {made.file.places: name for name, made in every}
    tables, sources = _tables(named), {name: _source(made, folder, called) for name, made in every}
    lost = unread_of([*others.values()], guesses)
    own = own_tables_of(others, tables, sources, {name: made.file for name, made in named})
    unplaced = [file for name, file in others.items() if name not in own.files]
    unsure = [
        *(f"{file} {why}" for file, why in lost.items()),
        *_keyed(tables),
        *without_consent(tables),
        *unread(named, unplaced, tables),
        *unsure,
        *unmatched(set(tables)),
        *own.unsure,
    ]
    unsure += [*_resembling_none(unplaced), "times that name no zone are taken as UTC (`time_zone:`)"]
    for name, rule in own.newest.items():
        sources[name]["newest"] = rule
    own.tables |= {
        table: {"source": name, **spec} for name, made in named for table, spec in made.own.items()
    }
    kept = {name: source for name, source in sources.items() if name not in others or name in own.files}
    joined = {join["source"] for source in kept.values() for join in source.get("join", ())}
    kept = {name: source for name, source in sources.items() if name in kept or name in joined}
    body = body_of(named, folder, kept, tables, own.tables, lost, requirements)
    return Proposal(head_of(unsure) + body + unplaced_as_comments(unplaced), unsure)


def _resembling_none(files: list[File]) -> list[str]:
    return [
        f"{file.label}: resembles no table of the contract{why_none(file)}, and stands as a comment"
        for file in files
    ]


def _unread_logs(files: list[File]) -> Iterator[str]:
    for file in files:
        yield from unnamed_messages(file)
        yield from unread_histories(file)


def _guessed(files: list[File]) -> list[tuple[File, TableProposal | None]]:
    """Each file with what it is; one that is alone may be a flat table by any name."""
    made = [(file, None if is_contracts(file) else infer_mapping(file)) for file in files]
    made = with_bare_orders(made)
    is_one = len(made) == 1 and not is_contracts(files[0])
    return [(made[0][0], _alone(*made[0]))] if is_one else made


def _alone(file: File, made: TableProposal | None) -> TableProposal | None:
    """A flat table where it is no other, or members of whom a column says what became of them."""
    if made is None:
        return flat(file)
    return with_fate(file) or made if made.table == "members" else made


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
    left = list(paths)
    while left:
        path = left.pop(0)
        try:
            inside = tables_in(path)
            if inside != [path]:
                left = inside + left
                continue
            found += sketches(path, hints)
        except FileNotFoundError:
            raise  # a wrong path is the caller's, not the file's
        except (ValueError, OSError, pl.exceptions.PolarsError) as error:
            unsure.append(f"{path.name}: could not be read, and is left out: {' '.join(str(error).split())}")
    return found, unsure


def _keyed(tables: Tables) -> list[str]:
    """Ids that are e-mail addresses or phone numbers, and what replaces them needs."""
    if not any(isinstance(cell, dict) and "hash" in cell for _, cell in cells(tables)):
        return []
    return [
        f"ids are made of e-mail addresses or phone numbers with a secret key: set {KEY_VARIABLE}, keep it, "
        "and give the service the same (`hash:`)"
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


def _tables(named: list[tuple[str, TableProposal]]) -> Tables:
    tables: Tables = {}
    kinds = [made.table for _, made in named]
    for name, made in named:
        alone = made.file.is_alone and kinds.count(made.table) == 1
        parts = made.preset.parts(name, made.file) if made.preset else {}
        parts = parts or {made.table: [_part(name, _told_apart(made, alone))]}
        for table, found in parts.items():
            tables.setdefault(table, []).extend(found)
        for table, others in made.further.items():
            tables.setdefault(table, []).extend({"source": name, **part} for part in others)
    return tables


def _named(guesses: list[TableProposal], folder: Path) -> list[tuple[str, TableProposal]]:
    """Each guess with a name of its own for its source, as short as the others allow."""
    short = [_plain(made.file.path.name.split(".")[0], made) for made in guesses]
    long = [_plain(str(made.file.path.relative_to(folder).with_suffix("")), made) for made in guesses]
    names = [brief if short.count(brief) == 1 else whole for brief, whole in zip(short, long, strict=True)]
    told = [name if names.count(name) == 1 else f"{name}_{n}" for n, name in enumerate(names, 1)]
    return list(zip(told, guesses, strict=True))


def _plain(name: str, made: TableProposal) -> str:
    """A name without dots and slashes, and with the sheet where it is of a workbook."""
    sheet = made.file.written.get("sheet")
    return re.sub(r"[./\\\s]+", "_", f"{name} {sheet}" if sheet else name)


def _source(made: TableProposal, folder: Path, called: dict[Places, str]) -> SourceKeys:
    fields = converted(made) | made.fields
    found = _place(made.file, folder) | made.file.written
    newest = made.newest or made.file.newest
    found |= {"newest": newest} if newest else {}
    joins: list[JoinKeys] = [
        {"source": called[one.file.places], "as": one.prefix, "on": one.on, **one.rule}
        for one in made.file.beside
    ]
    found |= {"join": joins} if joins else {}
    if made.preset:
        told = made.preset.source_of(made.file)
        every = told.get("fields", {}) | made.fields
        return found | told | ({"fields": every} if every else {})
    return found | ({"fields": fields} if fields else {})


def _place(file: File, folder: Path) -> SourceKeys:
    """Where the rows are: files below a folder, or a table of a database."""
    if is_in_database(file.path):
        return {"url": f"sqlite:///{held_by(file.path).relative_to(folder)}", "table": file.path.name}
    paths = [str(path.relative_to(folder)) for path in file.paths]
    return {"file": paths if len(paths) > 1 else paths[0]}


def _told_apart(made: TableProposal, alone: bool) -> TableProposal:
    """Rows counted anew in each file are told apart by the file, where a table has several."""
    if alone:
        return made
    row: CellKeys = {"column": "_row"}
    own: CellKeys = {"sql": "CONCAT(_file, ':', CAST(_row AS VARCHAR))"}
    return replace(made, cells={name: own if cell == row else cell for name, cell in made.cells.items()})


def _part(name: str, made: TableProposal) -> PartKeys:
    part: PartKeys = {"source": name}
    if made.table == "members":
        part["keep"] = "changes"
    if made.where:
        part["where"] = made.where
    part["columns"] = {key: short(cell) for key, cell in made.cells.items()}
    return part | ({"attributes": list(made.attributes)} if made.attributes else {})
