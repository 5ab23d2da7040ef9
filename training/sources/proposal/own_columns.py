"""Which columns of a brand's own table can be counted, as what, and which had better not be."""

from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from features.plain_text import BARE
from training.sources.proposal.cell_proposal import written
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, all_of
from training.sources.proposal.mapping_keys import CellKeys, OwnColumnKeys, OwnTableKeys, short
from training.sources.proposal.own_words import free, is_money, says, words

CATEGORIES = 200  # different values of a text at most that are categories
LONG = 40  # characters of a text that nobody chose from a list
NEARLY_UNIQUE = 0.5
RATING = "rating"  # the name of a column of ratings
TEXTS = ("id", "category", "text")  # numbers that stand for something stay as they are
BELONGS = 0.01  # of the rows without a later time, in which its columns are filled


@dataclass
class FoundColumns:
    """Columns of an own table by name, and what is said of those left out."""

    columns: dict[str, OwnColumnKeys] = field(default_factory=dict)
    guessed: list[str] = field(default_factory=list)
    personal: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    money: list[str] = field(default_factory=list)

    @property
    def keys(self) -> OwnTableKeys:
        """The table's key ``columns``; none where nothing is counted."""
        return {"columns": self.columns} if self.columns else {}


def columns_of(
    file: File, used: Collection[str], only: Collection[str] | None = None, with_prose: bool = True
) -> FoundColumns:
    """Say of each column of a file, those in ``used`` aside, as what it is counted.

    Parameters
    ----------
    only
        Names to which the columns are narrowed, where given.
    with_prose
        Whether free text is read; else it is left out.
    """
    found = FoundColumns()
    for column in file.columns:
        if column.name not in used and (only is None or column.name in only) and column.kind != "time":
            _add(found, column, file if with_prose else None)
    _rate(found)
    return found


def _rate(found: FoundColumns) -> None:
    """Ratings beside free texts say how they sound."""
    for column in found.columns.values():
        if (
            column["unit"] == "text"
            and RATING in found.columns
            and found.columns[RATING]["unit"] not in TEXTS
        ):
            column["rated_by"] = RATING


def is_prose(texts: pl.Series) -> bool:
    """Tell whether most of the different texts are sentences: four words, or eight characters without spaces.

    Examples
    --------
    >>> is_prose(pl.Series(["the parcel came late", "nobody answers my calls", "快递太慢，等了五天才到"]))
    True
    >>> is_prose(pl.Series(["AB-1", "AB-2", "hello"]))
    False
    """
    different = texts.drop_nulls().unique()
    long = [len(BARE.findall(text)) >= 8 or len(text.split()) >= 4 for text in different.head(1_000)]
    return bool(long) and sum(long) > len(long) / 2


def _add(found: FoundColumns, column: Column, file: File | None) -> None:
    if says("personal", column.name):
        found.personal.append(column.name)
    elif column.distinct < 2:
        return  # tells nobody apart
    elif says("state", column.name):
        found.states.append(column.name)
    elif (unit := _unit(column)) == "text":
        _add_text(found, column, file)
    elif unit:
        _count(found, column, unit)


def _add_text(found: FoundColumns, column: Column, file: File | None) -> None:
    """Read a free text where ``file`` has sentences of it; leave out what else is not counted."""
    values = pl.Series() if file is None else all_of(file, [column.name])[column.name]
    if column.kind == "text" and is_prose(values.cast(pl.String)):
        found.prose.append(column.name)
        _count(found, column, "text")
    else:
        found.texts.append(column.name)


def _unit(column: Column) -> str | None:
    """What a column is counted in; ``text`` of free text, ``None`` where it names only its own row."""
    called = words("columns", column.name)
    if column.kind == "truth":
        return "yes"
    is_id = called.unit == "id" or says("id", column.name)
    if is_id and not column.decimals and column.kind in ("text", "number"):
        return "id" if column.distinct <= NEARLY_UNIQUE * column.filled else None
    if column.kind == "number" and not (called.unit == "category" and len(column.values)):
        known = called.unit if called.unit not in ("", *TEXTS, "yes") else ""
        return known or ("cents" if is_money(column.name) else "units")
    is_long = max((len(value) for value in column.values), default=len(column.example)) > LONG
    if says("free_text", column.name) or is_long or column.distinct > CATEGORIES:
        return "text"
    return "category" if column.distinct <= NEARLY_UNIQUE * column.filled else "text"


def _count(found: FoundColumns, column: Column, unit: str) -> None:
    called = words("columns", column.name)
    name = free(called.name, found.columns, f"column_{len(found.columns) + 1}")
    cell: CellKeys = {"column": column.name}
    if column.kind == "number" and unit not in TEXTS:
        cell |= written(column, "unit_price_cents" if unit == "cents" else "quantity")
        cell |= {"times": 100} if unit == "cents" else {}
    found.columns[name] = {
        "cell": short(cell),
        "unit": unit,
        "en": called.en,
        "zh": called.zh,
    }
    found.money += [column.name] if unit == "cents" else []
    found.guessed += [] if called.known else [column.name]


def written_with(file: File, later: Column, base: Collection[str]) -> list[str]:
    """Return the columns that are filled only in rows in which a later time is."""
    names = [c.name for c in file.columns if c.name not in base and c.name != later.name]
    frame = all_of(file, [later.name, *names])
    open_rows = frame.filter(pl.col(later.name).is_null())
    if not open_rows.height:
        return []
    filled = open_rows.select(pl.col(names).count() / open_rows.height).row(0)
    there = frame.select(pl.col(names).count()).row(0)
    return [n for n, share, count in zip(names, filled, there, strict=True) if share <= BELONGS and count]
