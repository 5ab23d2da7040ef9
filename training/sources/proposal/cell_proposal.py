"""How the cells of a column are to be read, as a mapping says it, and what cannot be told from them."""

import re
from collections.abc import Iterator

import polars as pl

from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.proposal.mapping_keys import CellKeys
from training.sources.proposal.name_patterns import CONSENTS, GENDERS, REFUSING, means
from training.sources.proposal.time_formats import read
from training.sources.reading.money_columns import is_in_cents, plain_name
from training.sources.reading.money_units import CENTS, Unit, is_money_object, unit_of
from training.sources.reading.number_format import read_number
from training.sources.reading.words import FALSE, TRUE

CONSENT = ("consent_profiling", "consent_marketing")
IDS = (
    "member_id",
    "lead_id",
    "order_id",
    "product_id",
    "campaign_id",
    "contact_id",
    "ticket_id",
    "account_id",
)
MAIL = r"[^@\s]+@[^@\s]+\.[^@\s.]+"
PERSON = r"[^\W\d_]+[.,'’-]*(\s+[^\W\d_][^\d@_]*)+"  # of two words or more, without a figure
NUMBERS = ("quantity", "minutes", "birth_year", "window_days", "satisfaction", "city_tier")


def cell_of(file: File, name: str, column_name: str, unsure: list[str]) -> CellKeys:
    """Propose how a column of the contract is made from one of a file; what is unsure is added."""
    column = next(column for column in file.columns if column.name == column_name)
    cell = read_as(column, name)
    unsure += [f"{file.label}: {column.name} {doubt}" for doubt in doubts(column, name)]
    if column.kind == "time":
        others = [other.name for other in file.times if other.name != column.name]
        taken = "the time at which a row was known" if name == "occurred_at" else name
        but = f", not {others}" if others and name == "occurred_at" else ""
        read = f", read as {' and '.join(column.readings[0])}" if column.readings else ""
        unsure.append(f"{file.label}: {column.name} is taken as {taken}{but}{read}")
    if name == "member_id" and (key := personal_key(column)):
        cell |= key
        how = "; numbers that name no country are taken as they stand" if key["hash"] == "text" else ""
        unsure.append(f"{file.label}: members are named by {column.name}, under a key (`hash:`){how}")
    elif name == "member_id" and column.kind == "text" and re.fullmatch(PERSON, column.example.strip()):
        unsure.append(
            f"{file.label}: {column.name} seems to hold names: people of the same name are one member; "
            "export their number, e-mail or phone"
        )
    if name in CONSENT:
        told = ", ".join(f"{word} is {meant}" for word, meant in cell["map"].items())
        unsure.append(
            f"{file.label}: {column.name} is taken as {name.replace('_', ' to ')}: {told}, else unknown"
        )
    if name.endswith("_cents"):
        cell |= to_cents(file, column, unsure)
    return cell


def to_cents(file: File, column: Column, unsure: list[str]) -> CellKeys:
    """Say by what an amount is to be multiplied to be in cents; what is unsure is added."""
    unit = money_unit(file, column)
    if unit is None or unit.times is None:
        whole = "" if column.decimals else ", and has no decimals: it may be cents already"
        told = "; say `times: 1` if it is, or `check` stops" if unit else ""
        unsure.append(f"{file.label}: {column.name} is taken as whole money units (times 100){whole}{told}")
        return {"times": 100}
    way = "cents" if unit.times == 1 else f"an amount to be taken times {unit.times:g}"
    unsure.append(f"{file.label}: {column.name} is taken as {way}: {unit.why}")
    return {} if is_in_cents(column.name) else {"times": whole_number(unit.times)}


def money_unit(file: File, column: Column) -> Unit | None:
    """Tell in what unit the amounts of a column count, where they are those of a money object."""
    names = [one.name for one in file.columns]
    return unit_of(column.name, head(file)) if is_money_object(column.name, names, file.is_typed) else None


def factor(file: File, column: Column) -> float:
    """Return the factor that makes cents of an amount."""
    unit = money_unit(file, column)
    return CENTS if unit is None or unit.times is None else unit.times


def whole_number(number: float) -> float:
    """Return a number without places as an integer, as people write it."""
    return int(number) if number == int(number) else number


def personal_key(column: Column) -> CellKeys:
    """Say how an id is made of e-mail addresses or phone numbers; empty where a column holds none."""
    if re.fullmatch(MAIL, column.example.strip()):
        return {"hash": "email"}
    if not means(column.name, "phone") or column.kind not in ("text", "number") or column.decimals:
        return {}
    bare = re.sub(r"[\s\-/().]", "", column.example)
    if re.fullmatch(r"(?:\+|00)\d{8,15}", bare):
        return {"hash": "phone"}
    return {"hash": "phone", "country": "86"} if re.fullmatch(r"1[3-9]\d{9}", bare) else {"hash": "text"}


def read_as(column: Column, name: str) -> CellKeys:
    """Make a cell of a column, read as what ``name`` of the contract is."""
    return {"column": column.name, **written(column, name)}


def number_of(column: Column) -> CellKeys:
    """Make a cell of a column of numbers, those written for people by their decimal mark."""
    mark: CellKeys = {"decimal": column.decimal} if column.decimal else {}
    return {"column": column.name, **mark}


def written(column: Column, name: str) -> CellKeys:
    """Say how the cells of a column are read, as keys of a cell."""
    is_number = column.kind == "number" and (name.endswith("_cents") or name in NUMBERS)
    found: CellKeys = {}
    if column.kind == "time" and column.readings:
        first = column.readings[0]
        found["format"] = first[0] if len(first) == 1 else list(first)
        if all(form.endswith("UTC") for form in first):  # whatever zone the mapping says of other times
            found["time_zone"] = "UTC"
    if column.kind == "time" and column.since:
        found |= {"since": column.since, "unit": column.unit}
    if column.decimal and (is_number or column.kind == "time"):
        found["decimal"] = column.decimal
    if column.words and column.kind in ("time", "number") and name not in IDS:
        found["map"] = dict.fromkeys(column.words)
    if name == "gender" and {word.lower() for word in column.values} & GENDERS.keys():
        meant = {word: GENDERS[word.lower()] for word in column.values if word.lower() in GENDERS}
        found |= {"map": meant, "other": "unknown"}
    if name in CONSENT:
        found = {"map": consents(column), "other": "unknown"}
    return found


def consents(column: Column) -> dict[str, str]:
    """Say what the words of a column mean for consent; empty where none of them means a yes or a no."""
    refuses = re.fullmatch(REFUSING, plain_name(column.name)) is not None
    yes, no = ("withdrawn", "granted") if refuses else ("granted", "withdrawn")
    told = {word: CONSENTS.get(word.lower()) for word in column.values}
    told |= {word: yes for word in column.values if word.lower() in TRUE}
    told |= {word: no for word in column.values if word.lower() in FALSE}
    return {word: meant for word, meant in told.items() if meant}


def doubts(column: Column, name: str) -> Iterator[str]:
    """Yield what cannot be told from the cells of a column, with an example of each reading."""
    if len(column.readings) > 1:
        yield (
            f"can be read in {len(column.readings)} ways, no cell decides between them: "
            f"{column.example} is taken as {_dated(column, 0)}, and may be {_dated(column, 1)}. "
            f"If it is, say `format: {_quoted(column.readings[1])}`"
        )
    if column.unit:
        since = "1970 in UTC" if column.unit != "days" else "1899-12-30, as spreadsheets count them"
        yield f"is taken as {column.unit} since {since}"
    if column.guessed and name not in IDS:
        mark = column.decimal or "."
        other = "," if mark == "." else "."
        one, two = (_valued(column.example, each) for each in (mark, other))
        yield (
            f"does not tell its decimal mark: {column.example} is taken as {one}, and may be {two}. "
            f"If it is, say `decimal: {_quoted((other,))}`"
        )
    if column.odd is not None and name not in IDS:
        kind = "time" if column.kind == "time" else "number"
        yield f"is taken as a {kind}, but {column.odd!r} is none: its row will be set aside"
    if column.spoiled and name in IDS:
        yield (
            f"has ids that a spreadsheet cut to {column.example}; what is lost cannot be had back, so "
            "export them as text"
        )


def _dated(column: Column, place: int) -> str:
    value = read(pl.Series([column.example]), column.readings[place]).item()
    return f"{value:%-d %B %Y}" if value is not None else "no time"


def _valued(example: str, mark: str) -> str:
    value = pl.select(read_number(pl.lit(example), mark)).item()
    return f"{value:,.10g}".replace(",", " ") if value is not None else "no number"


def _quoted(formats: tuple[str, ...]) -> str:
    return f'"{formats[0]}"' if len(formats) == 1 else str(list(formats)).replace("'", '"')
