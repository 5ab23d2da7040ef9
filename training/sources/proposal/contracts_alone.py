"""Files of contracts beside none that says who the members are: those whom the contracts name."""

from collections.abc import Iterable
from dataclasses import replace

from training.sources.proposal.file_profile import File
from training.sources.proposal.infer_mapping import as_table
from training.sources.proposal.own_contracts import is_contracts
from training.sources.proposal.table_proposal import TableProposal

# Tables that say who the members are.
NAMING = ("members", "purchases", "contacts", "care", "events", "subjects")


def members_of_contracts(guesses: Iterable[TableProposal], unplaced: Iterable[File]) -> list[TableProposal]:
    """Return members for the files of contracts, known from each contract's begin; nothing else is read.

    None where another file has members already.
    """
    if any(made.table in NAMING for made in guesses):
        return []
    found = [(file, as_table(file, "members")) for file in unplaced if is_contracts(file)]
    return [_ids_alone(file, made) for file, made in found if made is not None]


def _ids_alone(file: File, made: TableProposal) -> TableProposal:
    kept = {name: cell for name, cell in made.cells.items() if name in ("occurred_at", "member_id")}
    said = f"{file.label}: members are those whom its contracts name, since no other file has any"
    return replace(made, cells=kept, attributes=(), where=None, unsure=[said])
