"""Files that resemble no table of the contract, as a brand's own: whose rows, when, and what they say."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from features.own_tables import CONTRACTS, SUBJECTS
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import NewestKeys, OwnTableKeys, SourceKeys, Tables
from training.sources.proposal.own_columns import FoundColumns, columns_of, written_with
from training.sources.proposal.own_contracts import called as called_so
from training.sources.proposal.own_contracts import contract_of
from training.sources.proposal.own_keys import Ids, Key, keys, placed, values
from training.sources.proposal.own_times import Times, cell, newest, times_of
from training.sources.proposal.own_ways import Way, ways
from training.sources.proposal.own_words import Words, free, slug, words
from training.sources.proposal.reexports import repeated_by

LEAK = (
    "no column holds a time at which a row happened; taken as known from the start it would be a leak until "
    "shown otherwise, so it stands as a comment"
)


@dataclass
class OwnTables:
    """The ``own_tables`` of a proposal.

    Parameters
    ----------
    tables
        By name, as in a mapping file.
    files
        Those that became tables, by the source's name.
    unsure
        What a human should look at.
    ids
        Ids that rows of other files may name: the ways of a second hop.
    newest
        Which rows count that stand in several files, by the source's name.
    """

    tables: dict[str, OwnTableKeys] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)
    newest: dict[str, NewestKeys] = field(default_factory=dict)

    def say(self, file: File, sentence: str) -> None:
        """Add a doubt about a file."""
        self.unsure.append(f"{file.label}: {sentence}")


def own_tables_of(
    files: Mapping[str, File],
    tables: Tables,
    sources: Mapping[str, SourceKeys],
    placed_files: Mapping[str, File],
) -> OwnTables:
    """Propose tables over files that no contract knows; those without a key or a time are none.

    Parameters
    ----------
    files
        By the name that a source of it would have.
    tables, sources, placed_files
        What was placed before: parts by table, and keys and file of each source.
    """
    made = OwnTables()
    if not files:
        return made
    known, until = placed(tables, sources, placed_files), newest(tables, placed_files)
    direct = [ids for ids in known if ids.name in SUBJECTS]
    rest = {name: file for name, file in files.items() if not _place(made, name, file, direct, until)}
    hops = [*made.ids, *(ids for ids in known if ids.name not in SUBJECTS and _has_subject(ids, direct))]
    rest = {name: file for name, file in rest.items() if not _place(made, name, file, hops, until)}
    further = list(ways(tables, placed_files, made.tables)) if rest else []
    for name, file in rest.items():
        if not _placed_through(made, name, file, further, until):
            _say_why_not(made, file, direct)
    return made


def _placed_through(
    made: OwnTables, name: str, file: File, further: list[Way], until: datetime | None
) -> bool:
    """Add a file, and the table that leads to its rows, where a column that no table took names them."""
    before = set(made.tables)
    if not _place(made, name, file, [way.ids for way in further], until):
        return False
    through = {table for new in set(made.tables) - before for table in made.tables[new].get("through", ())}
    leading = {way.ids.table: way.table for way in further if way.ids.table in through}
    made.tables = leading | made.tables
    for table in leading:
        made.say(
            file, f"its rows are found through a table of their own, {table}, whose words are to be said"
        )
    return True


def _has_subject(ids: Ids, direct: Collection[Ids]) -> bool:
    """Whether a table of the contract names a subject beside an id, so that it leads on to the id's rows."""
    return ids.table in ("purchases", "contacts", "events", "responses", "care") and bool(direct)


def _place(made: OwnTables, name: str, file: File, known: list[Ids], until: datetime | None) -> bool:
    """Add a file as a table where it has a key among these ids, and a time."""
    found = [key for key in keys(file, known) if key.is_telling]
    times = times_of(file, until) if found else None
    if not found or times is None:
        return False
    called = called_so(name, file)
    role = contract_of(called, found[0], times, file, made.tables)
    title = slug(name) or called.name
    table = free(CONTRACTS if role else title, made.tables, f"table_{len(made.tables) + 1}")
    made.files[name] = file
    _say_key(made, file, found)
    _say_times(made, file, times)
    again = repeated_by(file, found[0].column.name, times.occurred)
    if again is not None:
        made.newest[name] = again[0]
        made.say(file, again[1])
    if role is not None:
        made.say(file, role.said)
        times.later = [column for column in times.later if column is not role.cancelled]
    later = {c.name: written_with(file, c, _base(times, found[0])) for c in times.later}
    gone = {column for columns in later.values() for column in columns}
    used = {found[0].column.name, *gone, *(role.read if role else ())}
    columns = columns_of(file, used, with_prose=found[0].ids.name in SUBJECTS)
    _say_columns(made, file, called, columns)
    made.tables[table] = _table(name, called, found[0], times, columns, role.keys if role else {})
    for column in times.later:
        _add_later(made, table, name, file, called, found[0], column, later[column.name])
    _keep_ids(made, table, file, found[0], columns)
    return True


def _base(times: Times, key: Key) -> set[str]:
    columns = (times.occurred, times.recorded, times.ends, key.column)
    return {column.name for column in columns if column is not None}


def _table(
    source: str, called: Words, key: Key, times: Times, columns: FoundColumns, of_contracts: OwnTableKeys
) -> OwnTableKeys:
    found: OwnTableKeys = {"en": called.en, "zh": called.zh, "source": source} | _owner(key)
    found["occurred_at"] = cell(times.occurred)
    if times.recorded is not None:
        found["recorded_at"] = cell(times.recorded)
    if times.ends is not None and "through" not in found:
        found["ends_at"] = cell(times.ends)
    found |= of_contracts
    return found | columns.keys


def _owner(key: Key) -> OwnTableKeys:
    """Whose rows: a subject's, or those of what the subject's newest row in another table names."""
    if key.ids.name in SUBJECTS:
        return {"key": {key.ids.name: key.cell}}
    return {
        "key": {slug(key.column.name) or f"{key.ids.column}_key": key.cell},
        "through": {key.ids.table: key.ids.column},
    }


def _add_later(
    made: OwnTables,
    table: str,
    source: str,
    file: File,
    called: Words,
    key: Key,
    at: Column,
    names: list[str],
) -> None:
    """What happened to rows later on is known from then on: rows of their own, at their own time."""
    event = words("times", at.name)
    title = event.name if event.known else slug(at.name)
    name = free(f"{table}_{title}"[:38].strip("_"), made.tables, f"{table}_later")
    columns = columns_of(file, {key.column.name}, names, key.ids.name in SUBJECTS)
    made.tables[name] = {
        "en": f"{called.en} {event.en}",
        "zh": f"{called.zh}{event.zh}" if event.known else f"{called.zh}（{event.zh}）",
        "source": source,
        "where": f'"{at.name}" IS NOT NULL',
        **_owner(key),
        "occurred_at": cell(at),
        **columns.keys,
    }
    _say_columns(made, file, event, columns)
    with_it = f", with {', '.join(names)}" if names else ""
    made.say(
        file, f"{at.name} is filled later, if at all: its rows are a table of their own, {name}{with_it}"
    )


def _keep_ids(made: OwnTables, table: str, file: File, key: Key, columns: FoundColumns) -> None:
    """Ids of a subject's own table lead on to rows of what they name."""
    if key.ids.name not in SUBJECTS:
        return
    for name, column in columns.columns.items():
        if column["unit"] == "id":
            head = str(column["cell"])
            there = values(file, head, {})
            made.ids.append(Ids(name, table, name, frozenset({head}), {}, there))


def _say_key(made: OwnTables, file: File, found: list[Key]) -> None:
    key = found[0]
    others = [other for other in found[1:] if other.column is not found[0].column]
    others = [other for other in others if other.ids.name == key.ids.name]
    ids = f"{key.known:,} of its {key.distinct:,} ids are among those of {key.ids.name}"
    way = f" in {key.ids.table}" if key.ids.name not in SUBJECTS else ""
    but = f", not {', '.join(dict.fromkeys(other.column.name for other in others))}" if others else ""
    made.say(file, f"resembles no table of the contract; an own table by {key.column.name}: {ids}{way}{but}")
    ways = [other for other in found[1:] if other.ids.table != key.ids.table and key.ids.name not in SUBJECTS]
    if ways:
        also = ", ".join(dict.fromkeys(f"{{{one.ids.table}: {one.ids.column}}}" for one in ways))
        made.say(file, f"`through` could also be {also}")


def _say_times(made: OwnTables, file: File, times: Times) -> None:
    said = f"{times.occurred.name} is taken as the time at which a row happened"
    if times.recorded is not None:
        said += f", {times.recorded.name} as that at which it was known"
    else:
        said += " and was known; columns that are written later are a leak and must go"
    made.say(file, said)
    if times.ends is not None:
        made.say(
            file,
            f"{times.ends.name} is taken as an end that is known beforehand; if it is written when it comes, "
            "it is a leak",
        )
    if times.left_out:
        names = ", ".join(column.name for column in times.left_out)
        made.say(file, f"left out is {names}: neither when it happened, was known or ends")


def _say_columns(made: OwnTables, file: File, called: Words, columns: FoundColumns) -> None:
    reasons = {
        "personal data": columns.personal,
        "free text": columns.texts,
        "how things stand today, which is a leak": columns.states,
    }
    for why, names in reasons.items():
        if names:
            made.say(file, f"left out is {', '.join(names)}: {why}")
    if columns.prose:
        made.say(
            file,
            f"read as topics and tone, and not kept: {', '.join(columns.prose)}; names of staff that no "
            "topic may have go under `never`",
        )
    if columns.money:
        made.say(file, f"taken as whole money units (times 100): {', '.join(columns.money)}")
    unknown = [*columns.guessed, *([] if called.known else ["the table itself"])]
    if unknown:
        made.say(
            file, f"the words (`en`, `zh`) and units of {', '.join(unknown)} are their own names; say them"
        )


def _say_why_not(made: OwnTables, file: File, direct: list[Ids]) -> None:
    """Why a file is no table of its own, where its key is found or nearly is."""
    found = list(keys(file, direct))
    telling = [key for key in found if key.is_telling]
    if telling:
        made.say(file, f"{telling[0].column.name} says whose rows these are, but {LEAK}")
        return
    near = next((key for key in found if key.named), None)
    if near is not None:
        made.say(
            file,
            f"{near.column.name} is named like {near.ids.name}, but only {near.known:,} of its "
            f"{near.distinct:,} ids are known; mend the keys",
        )
