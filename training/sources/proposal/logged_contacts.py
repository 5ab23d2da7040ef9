"""Contacts that a file of contacts and a log of messages both have count once; a control group stays."""

from dataclasses import replace

import polars as pl

from training.sources.proposal import sql
from training.sources.proposal.file_profile import Beside, File
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.cell_types import as_text

SAME = 0.5  # of the contacts of a file are sent in a log, before the two tell of the same messages
COVERED = 0.9  # of the rows that both have are in the log, too, if a campaign is sent again and again
LOGGED = "logged"  # of a contact: what the log says of its sending
CONTROL = "control"
WHOSE = ("member_id", "campaign_id")


def sent_once(guesses: list[TableProposal]) -> tuple[list[TableProposal], list[str]]:
    """Take what was sent from the log where both have it; who was held out stands in the file alone.

    Returns
    -------
    The guesses, and what was decided, one sentence each.
    """
    logs = [made for made in guesses if _is_log(made)]
    kept, said = list(guesses), []
    for number, made in enumerate(guesses):
        log = next((one for one in logs if _tells_the_same(made, one)), None)
        if log is None:
            continue
        if _is_covered(made, log):
            kept[number] = _beside(made, log)
            said += _said(made, log)
        else:
            said.append(_longer(made, log))
    return kept, said


def _is_log(made: TableProposal) -> bool:
    return made.table == "contacts" and bool(made.apart) and not made.preset and not made.file.beside


def _tells_the_same(made: TableProposal, log: TableProposal) -> bool:
    is_plain = made.table == "contacts" and not made.apart and not made.preset and not made.where
    if not is_plain or LOGGED in {column.name for column in made.file.columns}:
        return False
    if not all("column" in one.cells.get(name, {}) for one in (made, log) for name in WHOSE):
        return False
    contacted = _rows(made, held_out=False).unique()
    return contacted.height > 0 and _shared(contacted, _rows(log)) >= SAME * contacted.height


def _is_covered(made: TableProposal, log: TableProposal) -> bool:
    """Whether the log sends what the file has as often as the file: of a shorter one some would be lost."""
    mine, theirs = _rows(made, held_out=False), _rows(log)
    return _shared(mine, theirs) * COVERED <= _shared(theirs, mine)


def _shared(rows: pl.DataFrame, others: pl.DataFrame) -> int:
    return rows.join(others, on=WHOSE, how="semi").height


def _rows(made: TableProposal, held_out: bool | None = None) -> pl.DataFrame:
    """Member and campaign of each row, perhaps of one arm alone."""
    arm, rows = _arm(made), made.file.frame()
    rows = rows.filter(pl.sql_expr(made.where)) if made.where else rows
    if held_out is not None:
        is_control = (pl.col(arm[0]) == CONTROL).fill_null(False) if arm else pl.lit(False)
        rows = rows.filter(is_control if held_out else ~is_control)
    kinds = rows.collect_schema()
    names = {name: made.cells[name]["column"] for name in WHOSE}
    texts = [as_text(pl.col(column), kinds[column]).alias(name) for name, column in names.items()]
    return rows.select(texts).drop_nulls().collect()


def _arm(made: TableProposal) -> list[str]:
    """The column that tells who was held out, where one does."""
    column = _column(made.file, made.cells.get("arm", {}).get("column"))
    return [column] if column else []


def _column(file: File, name: str | None) -> str | None:
    found = next((column for column in file.columns if column.name == name), None)
    return found.name if found is not None and CONTROL in found.values else None


def _beside(made: TableProposal, log: TableProposal) -> TableProposal:
    """Contacts that no row of the log sent, and those that were held out."""
    on = {made.cells[name]["column"]: log.cells[name]["column"] for name in WHOSE}
    event = log.apart[0]
    beside = Beside(log.file, on, LOGGED, {}, {"where": log.where or "TRUE", "last": {LOGGED: event}})
    rest = f'"{LOGGED}" IS NULL'
    arm = _arm(made)
    where = f"({sql.among(arm[0], [CONTROL])} OR {rest})" if arm else rest
    return replace(made, file=replace(made.file, beside=(*made.file.beside, beside)), where=where)


def _said(made: TableProposal, log: TableProposal) -> list[str]:
    here, there, arm = made.file.label, log.file.label, _arm(made)
    contacted, sent = _rows(made, held_out=False), _rows(log)
    told = f"{here}: {_shared(contacted, sent):,} of its {contacted.height:,} contacts are sent in {there}"
    group = "its control group and " if arm else ""
    rest = f"{told}, and count by that one; from {here} come {group}those that it alone has"
    against = _shared(_rows(made, held_out=True), sent)
    both = (
        f"{here}: {against:,} of the control group are sent in {there} all the same; they count as both, so "
        "that the effect of a contact looks smaller than it is"
    )
    return [rest, both] if against else [rest]


def _longer(made: TableProposal, log: TableProposal) -> str:
    here, there = made.file.label, log.file.label
    return (
        f"{here}: many of its contacts are sent in {there}, which has fewer of them; those that both have "
        f"would count twice: leave them out of one by `where`, and keep the control group of {here}"
    )
