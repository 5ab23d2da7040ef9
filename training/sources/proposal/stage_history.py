"""Histories of stages, a row a change: when leads began, were won, and in which stage they were."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from training.sources.proposal.cell_proposal import cell_of
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, all_of
from training.sources.proposal.history_columns import History
from training.sources.proposal.lead_closures import closures_of, without_closures
from training.sources.proposal.mapping_keys import Cell, Cells, OwnColumnKeys, OwnTableKeys, PartKeys, short
from training.sources.proposal.message_log import log_words
from training.sources.proposal.name_patterns import LATER, means
from training.sources.proposal.own_keys import shared
from training.sources.proposal.table_proposal import TableProposal
from training.sources.proposal.time_columns import time_of
from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import plain_name

SURE = 100.0  # of a score: such a file is nothing else
AMONG = 0.9  # of the leads of a history are in a file of leads
BEGUN = 0.9  # of the leads of a history have a row of their beginning
FEW = 30  # different stages, beyond which a column holds something else
OWN = "stage_changes"


def stage_history(file: File) -> TableProposal | None:
    """Take a history of stages as what became of leads, and their beginnings; ``None`` where it is none."""
    history = history_of(file)
    if history is None or history.won is None:
        return None
    unsure: list[str] = []
    cells: Cells = {
        "occurred_at": cell_of(file, "occurred_at", history.time.name, unsure),
        "lead_id": cell_of(file, "lead_id", history.lead.name, unsure),
        "kind": {"value": "converted"},
    }
    made = {name: short(cells[name]) for name in ("occurred_at", "lead_id")}
    where, _ = history.beginning
    began: PartKeys = {"keep": "first", **({"where": where} if where else {}), "columns": made}
    return TableProposal(
        file,
        "responses",
        cells,
        history.won,
        unsure=[*_said(history), *unsure],
        score=SURE,
        further={"leads": [began], **closures_of(history, made)},
        own={OWN: _own_table(history, made)},
        apart=tuple(column.name for column in (history.field, history.to) if column is not None),
    )


def history_of(file: File) -> History | None:
    """Find out by which columns a file is a history of stages; ``None`` where it is none."""
    words = log_words("stages")
    lead = _lead(file, words)
    time = _changed(file, words)
    if lead is None or time is None or lead.is_unique:
        return None
    rest = [c for c in file.columns if c is not lead and c.kind in ("text", "truth") and c.filled]
    field, before = _first(rest, words["field"]), _first(rest, words["from"])
    if field is None and before is None and any(means(c.name, "channel") for c in rest):
        return None  # touches of leads, with the state at the time beside them
    for form in words["to"] if field or before else words["to"][:2]:
        to = _first([c for c in rest if c not in (field, before)], form)
        if to is not None:
            found = History(file, lead, to, time, before, field)
            return found if (found.fields or field is None) and _tells(found) else None
    return None


def unread_histories(file: File) -> Iterator[str]:
    """Say of a history of stages what keeps it from telling which leads were won."""
    history = history_of(file)
    if history is not None and history.won is None:
        stages = ", ".join(history.stages)
        yield (
            f"{file.label}: looks like a history of {history.to.name}, but none of {stages} is known to mean "
            "that a lead was won; say it as a part of `responses` (kind: converted) by `where`"
        )


def with_histories(guesses: list[TableProposal]) -> tuple[list[TableProposal], list[File], list[str]]:
    """Take the beginnings of leads from a file of leads where there is one; else a history must have them.

    Returns
    -------
    The guesses that stay, the files of those that do not, and why.
    """
    leads = [made for made in guesses if made.table == "leads"]
    kept, out, said = list(guesses), [], []
    for number, made in enumerate(guesses):
        history = history_of(made.file) if "leads" in made.further else None
        if history is None:
            continue
        other = next((one for one in leads if _covers(one, history)), None)
        if other is not None:
            rest = {name: parts for name, parts in made.further.items() if name != "leads"}
            kept[number] = replace(made, further=rest)
            place = next(n for n, one in enumerate(kept) if one is other)
            kept[place] = _as_begun(without_closures(other) if "closures" in rest else other)
            said.append(f"{made.file.label}: when leads began is told by {other.file.label}")
        elif history.beginning[1] < BEGUN:
            out.append(made)
            said.append(_without_beginning(history))
    kept = [made for made in kept if not any(made.file is one.file for one in out)]
    return kept, [made.file for made in out], said


def _changed(file: File, words: dict[str, Any]) -> Column | None:
    """The time of a change; a day on which the lead is to be closed is none."""
    planned = [c for c in file.times if re.fullmatch(words["planned"], plain_name(c.name))]
    kept = tuple(c for c in file.columns if c not in planned)
    return time_of(replace(file, columns=kept) if len(planned) < len(file.times) else file, "responses")


def _lead(file: File, words: dict[str, Any]) -> Column | None:
    named = [c for c in file.columns if means(c.name, "lead_id") or _is(c, words["lead"])]
    if not named and (re.search(words["files"], file.label.lower()) or _names_lead(file, words)):
        named = [c for c in file.columns if _is(c, words["record"]) and not c.is_unique]
    return next((c for c in named if c.kind in ("text", "number") and c.filled == file.rows), None)


def _names_lead(file: File, words: dict[str, Any]) -> bool:
    return any(re.search("life_?cycle", plain_name(column.name)) for column in file.columns)


def _is(column: Column, form: str) -> bool:
    return re.fullmatch(form, re.sub(r"[\W_]+", "_", plain_name(column.name)).strip("_")) is not None


def _first(columns: list[Column], form: str) -> Column | None:
    return next((column for column in columns if _is(column, form)), None)


def _tells(history: History) -> bool:
    """Whether the stages are few, and others than those of leads that were won."""
    return len(history.won_words) < len(history.stages) <= FEW


def _own_table(history: History, made: dict[str, Cell]) -> OwnTableKeys:
    """In which stage leads were, known since they came into it; that they were won is the outcome."""
    stage: OwnColumnKeys = {"cell": history.to.name, "unit": "category", "en": "stage", "zh": "阶段"}
    return {
        "en": "changes of the stage",
        "zh": "阶段变更",
        "where": history.open_stages,
        "key": {"lead_id": made["lead_id"]},
        "occurred_at": made["occurred_at"],
        "columns": {"stage": stage},
    }


def _covers(leads: TableProposal, history: History) -> bool:
    parts = (
        leads.preset.parts("", leads.file).get("leads", []) if leads.preset else [{"columns": leads.cells}]
    )
    cell = parts[0]["columns"]["lead_id"] if parts else None
    name = cell.get("column") if isinstance(cell, dict) else cell
    if name is None:
        return False
    frame = all_of(leads.file, [name])
    theirs = frame.select(as_text(pl.col(name), frame.schema[name])).to_series().unique()
    mine = history.rows["lead"].unique()
    return shared(mine, theirs) >= AMONG * len(mine)


def _as_begun(leads: TableProposal) -> TableProposal:
    """Leads without attributes that are written as they go on, since a history tells these at their time."""
    if not leads.attributes or leads.preset:
        return leads
    used = {cell.get("column") for cell in leads.cells.values()}
    later = [
        c.name for c in leads.file.columns if re.fullmatch(LATER, plain_name(c.name)) and c.name not in used
    ]
    later = [name for name in later if f"-{name}" not in leads.attributes]
    if not later:
        return leads
    known = f"{leads.file.label}: {', '.join(later)} look written after the outcome, and are no attributes"
    left = (*leads.attributes, *(f"-{name}" for name in later))
    return replace(leads, attributes=left, unsure=[*leads.unsure, known])


def _without_beginning(history: History) -> str:
    _, share = history.beginning
    return (
        f"{history.file.label}: is a history of stages, but tells of {share:.0%} of its leads only when they "
        "began, and no file of leads names them; export the leads with their time of creation beside it"
    )


def _said(history: History) -> Iterator[str]:
    label, rows = history.file.label, history.rows
    won = ", ".join(history.won_words) or "a change of " + (history.field.name if history.field else "")
    yield (
        f"{label}: taken as the history of {rows['lead'].n_unique():,} leads by {history.to.name}; won is "
        f"{won}, at the time of the row; of several the first counts"
    )
    where, share = history.beginning
    how = "its first row" if where is None else f"the row with {where}"
    yield f"{label}: a lead begins with {how}" + (
        "" if share == 1 else f"; {share:.1%} of the leads have one"
    )
    yield f"{label}: the other stages are a table of their own, {OWN}, each known since its row"
    if history.lost_words:
        lost = ", ".join(history.lost_words)
        yield (
            f"{label}: closed without being won is {lost}; from then on nobody asks about a lead, "
            "until a row brings it into another stage again"
        )
