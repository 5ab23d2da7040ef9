"""What became of leads, where a file of leads says it itself, or another file names some of them again."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import polars as pl

from training.sources.proposal import sql
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.lead_closures import as_closures, ending, with_closures
from training.sources.proposal.name_patterns import CLOSED, CONVERTED, DO_NOT_MODIFY, LATER, WON
from training.sources.proposal.own_keys import shared, values
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.money_columns import plain_name

AMONG = 0.9  # of the ids of outcomes are those of leads
FEWER = 0.9  # outcomes than leads


def settled(
    guesses: list[TableProposal], as_table: Callable[[File, str], TableProposal | None]
) -> list[TableProposal]:
    """Take files that look like leads, but name some of another file's leads, as what became of these.

    Parameters
    ----------
    as_table
        Reads a file as a table of the contract; ``None`` where it cannot be.
    """
    leads = [made for made in guesses if made.table == "leads" and not made.preset]
    ids = {id(made): _ids(made) for made in leads} if len(leads) > 1 else {}
    found = [as_closures(_as_outcome(made, leads, ids, as_table)) for made in guesses]
    if not any(made.table == "responses" for made in found):
        found = [_with_conversions(made) for made in found]
    if not any(made.table == "responses" or "responses" in made.further for made in found):
        found = [_without_states(made) for made in found]
    return found if any(made.table == "closures" for made in found) else [with_closures(one) for one in found]


def _without_states(made: TableProposal) -> TableProposal:
    """Leads of which no file says when they were won are told nothing by how they stand today."""
    names = {c.name: re.sub(DO_NOT_MODIFY, "", plain_name(c.name)) for c in made.file.columns}
    later = [name for name, plain in names.items() if re.fullmatch(f"{LATER}|status_reason", plain)]
    later = [name for name in later if name not in [cell.get("column") for cell in made.cells.values()]]
    if made.table != "leads" or made.preset or not made.attributes or not later:
        return made
    says = (
        f"{made.file.label}: {', '.join(later)} say how leads stand today, and no column or file says when "
        "they were won: no attributes, and no outcome either; export the time of conversion with the leads"
    )
    left = (*made.attributes, *(f"-{name}" for name in later))
    return replace(made, attributes=left, unsure=[*made.unsure, says])


def _ids(made: TableProposal) -> pl.Series:
    return values(made.file, made.cells["lead_id"]["column"], {})


def _as_outcome(
    made: TableProposal,
    leads: list[TableProposal],
    ids: dict[int, pl.Series],
    as_table: Callable[[File, str], TableProposal | None],
) -> TableProposal:
    if id(made) not in ids:
        return made
    mine, names = ids[id(made)], {column.name for column in made.file.columns}
    for other in (one for one in leads if one is not made):
        theirs = ids[id(other)]
        same = {
            column.name for column in other.file.columns
        } == names  # a second export of leads is no outcome
        among = shared(mine, theirs)
        if not same and among >= AMONG * len(mine) and len(mine) <= FEWER * len(theirs):
            found = as_table(made.file, "responses")
            says = (
                f"{made.file.label}: taken as what became of leads: {among:,} of its {len(mine):,} ids are in"
            )
            return replace(found, unsure=[*found.unsure, f"{says} {other.file.label}"]) if found else made
    return made


def _with_conversions(made: TableProposal) -> TableProposal:
    """Leads whose file says in a column of its own when they were won."""
    file = made.file
    time = made.cells.get("occurred_at", {}).get("column")
    others = [column for column in file.times if column.name != time and column.filled < file.rows]
    won = next((c for c in others if re.fullmatch(CONVERTED, plain_name(c.name))), None)
    closed = next((c for c in others if re.fullmatch(CLOSED, plain_name(c.name))), None)
    stage = _won_stage(file.columns)
    among = ""
    if closed is not None and stage is not None and won in (None, closed):
        won, among = closed, f" AND {sql.among(stage[0].name, stage[1])}"
    if made.table != "leads" or made.preset or won is None:
        return made
    later = [c.name for c in file.columns if c is not won and re.fullmatch(LATER, plain_name(c.name))]
    part = ending(made, won, among, "converted")
    return replace(
        made,
        attributes=(*made.attributes, *(f"-{name}" for name in (won.name, *later)))
        if made.attributes
        else (),
        further={"responses": [part]},
        unsure=[*made.unsure, *_said(file.label, won, later, among)],
    )


def _won_stage(columns: Iterable[Column]) -> tuple[Column, list[str]] | None:
    """A column that says of leads that came to an end which were won, and its words for it."""
    for column in columns:
        words = [word for word in column.values if re.fullmatch(WON, plain_name(word))]
        if words and len(words) < len(column.values):
            return column, words
    return None


def _said(label: str, won: Column, later: list[str], among: str) -> list[str]:
    taken = f"{label}: {won.name} is taken as the time at which a lead was won; rows without it were not"
    taken += f", nor those but{among.removeprefix(' AND')}" if among else ""
    known = f"{label}: {', '.join(later)} look written after the outcome, and are no attributes"
    return [taken, known] if later else [taken]
