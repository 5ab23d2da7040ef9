"""Whose an order is, where guests have no number of their own."""

import re

import polars as pl

from training.sources.proposal.cell_proposal import personal_key
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.proposal.name_patterns import CONVERTED, LOST, means
from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import plain_name, spellings

NOBODY = r"(?i)^(0+|-1|guest|gast|invit[eé]|invitado|ospite|游客|匿名|null|none)$"
REQUESTER = (  # of tickets, who may be another than who wrote them down
    r"(requester|requestor|reporter|author|contact|end_?user)(_?(id|key|no|number))?|(raised|opened|reported|requested)_by(_id)?"
    r"|melder|anfragende[rn]?|demandeur|solicitante|richiedente|提交人|提单人|发起人|反馈人|报修人|咨询人"
)
MANY = 20  # rows, in which an address that is the same in all is that of the brand
BOOKS = (
    r"(^|[\W_])(contacts?|kontakte|contactos?|contatti|subscribers?|audience|recipients?)([\W_\d]|$)|联系人"
)
ID = r"_?(id|no|nr|number|nummer|编号|号)$"
CALLED = r"姓名|名称|名字|昵称|(^|_)names?$|naam$"  # people of one name are several
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


def person_of(columns: list[Column], table: str) -> list[Column]:
    """Return the columns that may say whose a row is, where none is named so: who asked, then addresses."""
    asked = [c for c in columns if table == "care" and any(_asks(c, one) for one in spellings(c.name))]
    addresses = [c for c in columns if personal_key(c) and (c.distinct > 1 or c.filled < MANY)]
    return [*(c for c in asked if c.kind in ("text", "number") and c.distinct > 1), *addresses]


def surest(named: list[Column], columns: list[Column]) -> list[Column]:
    """Return columns named as a member's in the order in which they name one: ids before names of people."""
    plain = {c.name: plain_name(c.name) for c in named}
    with_id = {re.sub(ID, "", one) for one in plain.values() if re.search(ID, one)}
    bare = [c for c in named if plain[c.name] in with_id]  # `Customer` beside `Customer ID`
    names = [c for c in named if re.search(CALLED, plain[c.name])]
    ids = [c for c in named if c not in bare and c not in names]
    addresses = [c for c in columns if names and not ids and personal_key(c) and c.distinct > 1]
    return [*ids, *addresses, *bare, *names]


def _asks(column: Column, name: str) -> bool:
    return re.fullmatch(REQUESTER, plain_name(name)) is not None and not means(column.name, "phone")


def is_address_book(file: File) -> bool:
    """Tell whether a file is called after contacts, and has a row for each address and nothing of leads."""
    if not re.search(BOOKS, file.path.stem.lower()) or any(_is_of_leads(c) for c in file.columns):
        return False
    return any(c.is_unique and personal_key(c) for c in file.columns)


def _is_of_leads(column: Column) -> bool:
    forms = (CONVERTED, LOST, r"(.*_)?(life_?cycle_?stage|lead_(status|score|source)|(is_?)?converted)")
    return means(column.name, "lead_id") or any(re.fullmatch(one, plain_name(column.name)) for one in forms)
