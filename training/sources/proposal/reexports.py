"""Files of one kind that have the same rows: exports made again, of which the newest counts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations

import polars as pl

from training.sources.proposal.cell_proposal import read_as
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, all_of, as_one
from training.sources.proposal.mapping_keys import CellKeys, NewestKeys, full, short
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.containers import is_in_database
from training.sources.reading.files import FILE, ROW

# What names a row of a table (the lines of an order go together), in the order in which it is looked for.
NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "purchases": (("order_id", "member_id", "occurred_at"), ("member_id", "product_id", "occurred_at")),
    "events": (("member_id", "lead_id", "kind", "occurred_at"),),
    "contacts": (("contact_id",), ("member_id", "campaign_id", "occurred_at")),
    "responses": (("member_id", "lead_id", "campaign_id", "kind", "occurred_at"),),
    "leads": (("lead_id",),),
    "care": (("ticket_id", "kind", "occurred_at"),),
}
OWNER_AND_TIME = 2  # columns
FEW = 2  # rows that stand in several files, before these are exports made again


def brought_together(files: list[File], guessed: Callable[[File], TableProposal | None]) -> list[File]:
    """Return files as given, but those of one kind as one where they share rows.

    Parameters
    ----------
    guessed
        Says what a file is.
    """
    left, found = list(files), []
    while left:
        first = left.pop(0)
        alike = [other for other in left if _alike(first, other)]
        whole = as_one([first, *alike]) if alike else first
        made = guessed(whole) if alike else None
        rule = _rule(made)
        if rule or (made and made.needs_all):
            left = [file for file in left if file not in alike]
            found.append(replace(whole, newest=rule[0]) if rule else whole)
        else:
            found.append(first)
    return found


def together(files: list[File]) -> list[File]:
    """Return files of one kind as one each, as those that a system writes month by month."""
    found: list[list[File]] = []
    for file in files:
        alike = next((group for group in found if _alike(group[0], file)), None)
        if alike is None:
            found.append([file])
        else:
            alike.append(file)
    return [as_one(group) if len(group) > 1 else group[0] for group in found]


def _alike(one: File, other: File) -> bool:
    names = [{column.name for column in file.columns} for file in (one, other)]
    is_plain = "sheet" not in one.written and not any(map(is_in_database, (*one.paths, *other.paths)))
    return names[0] == names[1] and one.written == other.written and is_plain


def without_repeats(made: TableProposal) -> TableProposal:
    """Return the same, of rows that stand in several of its files those of the newest."""
    found = _rule(made)
    if found is None:
        return made
    rule, count, files = found
    says = (
        f"{made.file.label}: {count:,} rows stand in several of its {files:,} files; those of the newest "
        f"count, which is the one whose {full(rule['time'])['column']} reaches furthest"
    )
    return replace(made, newest=rule, unsure=[*made.unsure, says])


def _rule(made: TableProposal | None) -> tuple[NewestKeys, int, int] | None:
    """What names a row and what orders the files, how many rows are there again, and in how many files."""
    if made is None or made.file.is_alone or made.preset or made.table not in NAMES:
        return None
    time = made.cells.get("occurred_at", {})
    for wanted in NAMES[made.table]:
        columns = [made.cells[name].get("column") for name in wanted if name in made.cells]
        if made.table == "contacts" and ROW in columns:  # counted anew in each file
            continue
        by = [name for name in columns if name is not None]
        if "column" not in time or not _is_enough(made.table, wanted, by):
            continue
        by += made.apart
        stamps = [column.name for column in made.file.times if column.name != time["column"]]
        rows = all_of(made.file, [*dict.fromkeys([*by, *stamps]), FILE])
        count = _repeated(rows, by)
        if count >= FEW:
            stamp = _stamp(rows, [c for c in made.file.times if c.name in stamps])
            return {"by": by, "time": short(time if stamp is None else stamp)}, count, rows[FILE].n_unique()
    return None


def repeated_by(file: File, owner: str, time: Column) -> tuple[NewestKeys, str] | None:
    """Say by what rows of a brand's own table that stand in several files are the same, and how many do.

    Rows are named by a number of their own where a column is one in each file, else by owner and time.
    """
    if file.is_alone:
        return None
    rows = all_of(file, [*(column.name for column in file.columns), FILE])
    whole = {name for name in rows.columns if name != FILE and _counts_rows(rows, name)}
    named = [
        [c.name] for c in file.columns if c.name in whole and c.kind in ("text", "number") and not c.decimals
    ]
    for by in [*named, [owner, time.name]]:
        count = _repeated(rows, by)
        if count >= FEW:
            stamp = _stamp(rows, [column for column in file.times if column is not time])
            cell = read_as(time, "occurred_at") if stamp is None else stamp
            says = (
                f"{count:,} rows stand in several of its files, as what {' and '.join(by)} name; those of "
                f"the newest count, which is the one whose {cell['column']} reaches furthest"
            )
            return {"by": by, "time": short(cell)}, says
    return None


def _counts_rows(rows: pl.DataFrame, name: str) -> bool:
    """Whether a column is full and has each value once in every file."""
    each = rows.group_by(FILE).agg(
        pl.len().alias("rows"), pl.col(name).drop_nulls().n_unique().alias("different")
    )
    return bool((each["rows"] == each["different"]).all())


def _is_enough(table: str, wanted: tuple[str, ...], by: list[str]) -> bool:
    """Tell whether columns name a row; of events and answers an owner and a time, whatever else is known."""
    return len(by) == len(wanted) or (table in ("events", "responses") and len(by) >= OWNER_AND_TIME)


def _repeated(rows: pl.DataFrame, by: list[str]) -> int:
    """Rows that an earlier file has, too."""
    each = rows.select(*by, FILE).unique()
    again = each.filter(pl.struct(by).is_duplicated())
    return again.height - again.select(by).n_unique()


def _stamp(rows: pl.DataFrame, times: Iterable[Column]) -> CellKeys | None:
    """A time at which each file was exported: one in a file, another in each."""
    for column in times:
        each = rows.group_by(FILE).agg(pl.col(column.name).drop_nulls().unique())
        told = each[column.name].to_list()
        if all(len(one) == 1 for one in told) and all(a != b for a, b in combinations(told, 2)):
            form: CellKeys = {"format": list(column.readings[0])} if column.readings else {}
            counted: CellKeys = {"since": column.since, "unit": column.unit} if column.since else {}
            return {"column": column.name, **form, **counted}
    return None
