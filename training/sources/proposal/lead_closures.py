"""When leads were closed without having been won: from histories of stages, and from files of leads."""

import re
from dataclasses import replace

from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import read_as
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.history_columns import History
from training.sources.proposal.mapping_keys import Cell, Cells, PartKeys, Tables, short
from training.sources.proposal.message_log import log_words
from training.sources.proposal.name_patterns import CLOSED, LATER, LOST, LOST_FILES
from training.sources.proposal.table_proposal import TableProposal, in_order
from training.sources.reading.money_columns import plain_name

TABLE = "closures"


def closures_of(history: History, made: dict[str, Cell]) -> Tables:
    """Write the parts of closures over a history; empty where no stage is known to say that a lead was lost.

    Parameters
    ----------
    made
        Its cells of ``occurred_at`` and ``lead_id``.
    """
    rows = {"closed": history.closed, "reopened": history.reopened}
    parts: list[PartKeys] = [
        {"where": where, "columns": {**made, "kind": {"value": kind}}}
        for kind, where in rows.items()
        if where
    ]
    return {TABLE: parts} if history.closed else {}


def with_closures(made: TableProposal) -> TableProposal:
    """Take from leads whose file says so when they were closed without having been won.

    By a column that is named so, or by the time of their end where the state beside it says they were lost.
    """
    if made.table != "leads" or made.preset or TABLE in made.further:
        return made
    file, begun = made.file, made.cells.get("occurred_at", {}).get("column")
    others = [column for column in file.times if column.name != begun and column.filled < file.rows]
    lost, among = next((c for c in others if re.fullmatch(LOST, plain_name(c.name))), None), ""
    if lost is None:
        lost = next((c for c in others if re.fullmatch(CLOSED, plain_name(c.name))), None)
        state = _lost_state(file)
        if lost is None or state is None:
            return made
        among = f" AND {sql.among(state[0].name, state[1])}"
    part = ending(made, lost, among, "closed")
    said = (
        f"{file.label}: {lost.name}{among.replace(' AND', ' of rows with')} is taken as the time at which "
        "a lead was closed without being won; from then on nobody asks about it"
    )
    return replace(
        _without_states(made, lost),
        further=made.further | {TABLE: [part]},
        unsure=[*made.unsure, said],
    )


def ending(made: TableProposal, column: Column, among: str, kind: str) -> PartKeys:
    """Return the rows that say that a lead of ``made`` came to an end at the time in ``column``.

    ``among`` is a further condition in SQL, with its ``AND``; ``kind`` how it ended.
    """
    return {
        "where": f'"{column.name}" IS NOT NULL{among}',
        "columns": {
            "occurred_at": short(read_as(column, "occurred_at")),
            "lead_id": short(made.cells["lead_id"]),
            "kind": {"value": kind},
        },
    }


def _without_states(made: TableProposal, lost: Column) -> TableProposal:
    """The same without attributes that are written when a lead comes to its end."""
    if not made.attributes:
        return made
    ends = [c.name for c in made.file.columns if c is lost or re.fullmatch(LATER, plain_name(c.name))]
    left = [f"-{name}" for name in ends if f"-{name}" not in made.attributes]
    return replace(made, attributes=(*made.attributes, *left))


def _lost_state(file: File) -> tuple[Column, list[str]] | None:
    """A column that says of leads which were lost, and its words for it."""
    form = log_words("stages")["lost"]
    for column in file.columns:
        words = [word for word in column.values if re.fullmatch(form, plain_name(word))]
        if words and len(words) < len(column.values):
            return column, words
    return None


def without_closures(made: TableProposal) -> TableProposal:
    """Return leads without their closures, which a history tells at their time."""
    return replace(made, further={name: parts for name, parts in made.further.items() if name != TABLE})


def as_closures(made: TableProposal) -> TableProposal:
    """Take a file that would be what became of leads as their closures, where it says that they were lost."""
    time = made.cells.get("occurred_at", {}).get("column", "")
    is_outcome = made.table == "responses" and "lead_id" in made.cells and "kind" in made.cells
    is_plain = is_outcome and made.cells["kind"] == {"value": "converted"} and not made.apart
    told = re.search(LOST_FILES, made.file.label.lower()) or re.fullmatch(LOST, plain_name(time))
    if not is_plain or made.preset or not told:
        return made
    cells: Cells = {**made.cells, "kind": {"value": "closed"}}
    said = (
        f"{made.file.label}: taken as leads that were closed without being won; from then on nobody asks "
        "about them"
    )
    kept = [one for one in made.unsure if not one.startswith("responses.kind")]
    return replace(made, table=TABLE, cells=in_order(TABLE, cells), attributes=(), unsure=[*kept, said])
