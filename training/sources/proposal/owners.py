"""Whose an order is, where guests have no number of their own."""

import polars as pl

from training.sources.proposal.cell_proposal import personal_key
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.reading.cell_types import as_text

NOBODY = r"(?i)^(0+|-1|guest|gast|invit[eé]|invitado|ospite|游客|匿名|null|none)$"
GUESTS, TOLD = 0.02, 0.95  # share of the orders of guests, and of these orders that name an address


def owner_of(file: File, name: str, unsure: list[str]) -> str:
    """Name the column that says whose orders are: that of addresses, where guests have no number."""
    column = next(column for column in file.columns if column.name == name)
    if personal_key(column):
        return name
    frame = head(file)
    ids = frame.select(as_text(pl.col(name), frame.schema[name])).to_series()
    guests = frame.filter(ids.is_null() | ids.str.contains(NOBODY))
    if guests.height < GUESTS * frame.height:
        return name
    found = next((other for other in file.columns if _tells(other, guests)), None)
    if found is None:
        return name
    unsure.append(
        f"{file.label}: {guests.height / frame.height:.0%} of the rows have no {name} (guests); members "
        f"are named by {found.name} instead, which these have, too"
    )
    return found.name


def _tells(column: Column, guests: pl.DataFrame) -> bool:
    return bool(personal_key(column)) and len(guests[column.name].drop_nulls()) >= TOLD * guests.height
