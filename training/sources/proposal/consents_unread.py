"""Columns that look like a word on consent, and that no cell of a proposal reads."""

import re
from collections.abc import Iterable, Iterator

from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import Tables, full
from training.sources.proposal.mapping_text import cells
from training.sources.proposal.name_patterns import AGREED, DO_NOT_MODIFY, REFUSED
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.money_columns import plain_name

FEW = 6  # different words: more are no consent


def unread(
    named: Iterable[tuple[str, TableProposal]], unplaced: Iterable[File], tables: Tables
) -> Iterator[str]:
    """Say which columns may hold refusals that nobody would hear of."""
    read = {full(cell).get("column") for _, cell in cells(tables)}
    made = " ".join(full(cell).get("sql", "") for _, cell in cells(tables))
    people = [made.file for _, made in named if made.table in ("members", "leads")]
    for file in (*(made.file for _, made in named), *unplaced):
        found = [c.name for c in file.columns if _is_word(c) or (file in people and _has_refusals(c))]
        lost = [name for name in found if name not in read and f'"{name}"' not in made]
        if lost:
            yield (
                f"{file.label}: {', '.join(lost)} may say who consented or refused, and is not read; "
                "say it under `consent_marketing` or `consent_profiling` of members or leads"
            )


def _is_word(column: Column) -> bool:
    name = re.sub(DO_NOT_MODIFY, "", plain_name(column.name))
    is_named = re.search(rf"{REFUSED}|{AGREED}", name) is not None
    return is_named and column.kind in ("truth", "text") and 0 < column.distinct <= FEW


def _has_refusals(column: Column) -> bool:
    return any(re.search(REFUSED, plain_name(word)) for word in column.values)
