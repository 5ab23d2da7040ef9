"""A flat table: one row a subject, with an outcome of two values."""

import re
from dataclasses import replace

from training.sources.proposal.cell_proposal import CONSENT, cell_of
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import CellKeys, Cells
from training.sources.proposal.name_patterns import CONVERTED, FILES, OUTCOME, TESTS, VOIDED, means
from training.sources.proposal.table_proposal import TableProposal, in_order
from training.sources.proposal.time_columns import time_of
from training.sources.reading.money_columns import plain_name

FATES = (  # what became of a member
    r"renew(ed|al)?|retained|lapsed|left|terminated|cancell?ed|defaulted|bought|purchased|clicked"
    r"|续费|续约|复购"
)
SHARED = 0.9  # as many owners as rows, or they are no subjects
OTHERS = "all other columns are taken as attributes; those known only with the outcome must go to `exclude:`"


def flat(file: File) -> TableProposal | None:
    """Take a file that is no table of the contract as a flat one,
    where a single column could be its outcome.
    """
    found = [column.name for column in file.columns if column.kind == "truth"]
    if len(found) != 1 or _says_otherwise(file, found[0]):
        return None
    made = as_subjects(replace(file, hints=replace(file.hints, label=found[0])))
    doubt = f"{file.label}: {found[0]} is taken as the outcome, as the only column of yes and no (`--label`)"
    return made and replace(made, unsure=[doubt, *made.unsure])


def with_fate(file: File) -> TableProposal | None:
    """Take members as a flat table where one column of yes and no says what became of them."""
    made = flat(file)
    named = made is not None and plain_name(str(made.cells["label"]["column"]))
    return made if named and re.fullmatch(f"{OUTCOME}|{FATES}", named) else None


def _says_otherwise(file: File, name: str) -> bool:
    """Whether a column of yes and no is no outcome: a mark of tests, a consent, rows of one owner."""
    if re.fullmatch(TESTS, plain_name(name)) or any(means(name, one) for one in (*CONSENT, "deceased")):
        return True
    if any(means(column.name, "order_id") for column in file.columns) and re.fullmatch(
        VOIDED, plain_name(name)
    ):
        return True
    owners = [column for column in file.columns if means(column.name, "member_id") and column.filled]
    return "lines" in file.written or any(column.distinct < SHARED * column.filled for column in owners)


def as_subjects(file: File) -> TableProposal | None:
    """Return a flat table: one row a subject, with an outcome of two values."""
    told = [column for column in file.columns if column.name == file.hints.label]
    labels = told or [
        column
        for column in file.columns
        if column.kind == "truth" and re.fullmatch(OUTCOME, plain_name(column.name))
    ]
    if not labels or (not told and _has_leads(file)):
        return None
    unsure: list[str] = []
    if len(labels) > 1:
        others = [column.name for column in labels[1:]]
        unsure.append(f"{file.label}: {labels[0].name} is taken as the outcome, not {others}")
    time = time_of(file, "subjects")
    cells: Cells = {
        "label": _label(file, labels[0], unsure),
        "subject_id": {"column": "_row"},
    }
    if time is None:
        cells["occurred_at"] = {"value": "1970-01-01"}
        unsure.append(
            f"{file.label}: no time was found; rows are split at random (`dated: false`) and nothing is "
            "tested over time"
        )
    else:
        cells["occurred_at"] = cell_of(file, "occurred_at", time.name, unsure)
    key = next(
        (column for column in file.columns if column.is_unique and column.kind in ("text", "number")), None
    )
    if key is not None and not key.decimals:
        cells["subject_id"] = {"column": key.name}
    unsure.append(f"{file.label}: {OTHERS}")
    score = 2.0 + 0.25 * max(0, len(file.columns) - 4) + (100.0 if told else 0.0)
    placed = in_order("subjects", cells)
    return TableProposal(file, "subjects", placed, None, ("*",), unsure, score, time is not None)


def _has_leads(file: File) -> bool:
    """Whether these are leads with the time at which each was won, which tells more than yes or no."""
    won = (column for column in file.times if re.fullmatch(CONVERTED, plain_name(column.name)))
    return re.search(FILES["leads"], file.label.lower()) is not None and any(won)


def _label(file: File, column: Column, unsure: list[str]) -> CellKeys:
    """The outcome; of two values that mean neither yes nor no the rarer one is taken as it."""
    if column.kind == "truth":
        return {"column": column.name}
    common, rare = column.two
    unsure.append(f"{file.label}: {column.name} is taken to have happened where it is {rare!r}")
    return {"column": column.name, "map": {common: 0, rare: 1}}
