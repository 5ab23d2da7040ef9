"""Files that say one thing of everybody in them: refused, died, erased; and pairs of ids of one person."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

from training.sources.proposal.cell_proposal import CONSENT, cell_of, consents, personal_key
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import Cell, CellKeys, Cells, PartKeys, short
from training.sources.proposal.name_patterns import header_words, means
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.money_columns import meaning, plain_name

SAID: dict[str, tuple[str, Cells]] = {
    "refused": ("refused marketing", {"consent_marketing": {"value": "withdrawn"}}),
    "died": ("died", {"deceased": {"value": True}}),
    "erased": (
        "asked for erasure, and may be neither scored nor written to",
        {"consent_profiling": {"value": "withdrawn"}, "consent_marketing": {"value": "withdrawn"}},
    ),
}
SURE = 100.0  # of a score: such a file is nothing else
FROM_THE_START: CellKeys = {"value": "1970-01-01"}


def list_of_people(file: File) -> TableProposal | None:
    """Take a file as a list of people who refused, died or were erased; ``None`` where it is none."""
    kind, key = _kind(file), _key(file)
    if kind is None or key is None or any(map(_says_more, file.columns)):
        return None
    what, cells = SAID[kind]
    unsure = [f"{file.label}: whoever is in it is taken to have {what}"]
    owner = cell_of(file, "member_id", key.name, unsure)
    when = _when(
        file, f"{what}; a later word of another file lifts it", unsure, header_words()["lists"][kind]
    )
    return TableProposal(
        file, "members", {"occurred_at": when, "member_id": owner} | cells, unsure=unsure, score=SURE
    )


def _kind(file: File) -> str | None:
    """What a list is of, by the name of its file or of a time that everybody in it has."""
    full = [column for column in file.times if column.filled == file.rows]
    names = [plain_name(file.path.stem), *(plain_name(column.name) for column in full)]
    return next(
        (kind for name in names for kind, form in header_words()["lists"].items() if re.search(form, name)),
        None,
    )


def _key(file: File) -> Column | None:
    named = [column for column in file.columns if means(column.name, "member_id") and column.filled]
    personal = [column for column in file.columns if personal_key(column)]
    return next((column for column in (*named, *personal) if column.filled == file.rows), None)


def _says_more(column: Column) -> bool:
    """Whether a column makes rows more than names on a list: orders, money, leads, or a word on consent."""
    if any(means(column.name, name) and consents(column) for name in CONSENT):
        return True
    return meaning(column.name) is not None or any(
        means(column.name, name)
        for name in ("order_id", "lead_id", "line_total", "unit_price_cents", "quantity")
    )


def _when(file: File, what: str, unsure: list[str], form: str = "") -> CellKeys:
    """Since when, by the time that is named so; the day on which somebody joined is another."""
    if not file.times:
        unsure.append(f"{file.label}: no column says since when; from the start, everybody in it {what}")
        return FROM_THE_START.copy()
    named = [c for c in file.times if c.filled == file.rows and re.search(form, plain_name(c.name))]
    return cell_of(file, "occurred_at", (named or file.times)[0].name, unsure)


def refused_since(file: File) -> Column | None:
    """Find the time at which some of those in a file refused messages."""
    form = header_words()["lists"]["refused"]
    told = [column for column in file.times if re.search(form, plain_name(column.name))]
    return next((column for column in told if column.filled < file.rows), None)


def with_refusals(made: TableProposal) -> TableProposal:
    """The same; where a time of members says since when some refuse messages, they do from then on."""
    column = refused_since(made.file)
    if made.table != "members" or column is None:
        return made
    unsure = list(made.unsure)
    since = cell_of(made.file, "occurred_at", column.name, [])
    cells: dict[str, Cell] = {"occurred_at": short(since), "member_id": short(made.cells["member_id"])}
    cells["consent_marketing"] = {"value": "withdrawn"}
    part: PartKeys = {"keep": "changes", "where": f'"{column.name}" IS NOT NULL', "columns": cells}
    unsure.append(
        f"{made.file.label}: who has a time in {column.name} is taken to have refused marketing since"
    )
    word = made.cells.get("consent_marketing")
    later = [name for name in (column.name, word and word.get("column")) if name]
    own = (*made.attributes, *(f"-{name}" for name in later)) if made.attributes else ()
    return replace(
        made,
        cells=made.cells | _before(word, column),
        attributes=own,
        further=made.further | {"members": [part]},
        unsure=unsure,
    )


def _before(word: CellKeys | None, since: Column) -> Cells:
    """Of those who refused later on, the word of today is none of the day on which they joined."""
    if word is None or "column" not in word:
        return {}
    rest: CellKeys = {"sql": f'CASE WHEN "{since.name}" IS NULL THEN "{word["column"]}" END'}
    rest |= {"map": word["map"], "other": "unknown"}
    return {"consent_marketing": rest}


def merged_ids(file: File) -> TableProposal | None:
    """Take a file as pairs of ids of one person, former and new; ``None`` where it is none."""
    pair = next(_pairs(file), None)
    if pair is None or any(map(_says_more, file.columns)):
        return None
    gone, stays = pair
    unsure = [
        f"{file.label}: {gone.name} is taken as another id of the member {stays.name}, from the merge on"
    ]
    cells: Cells = {
        "occurred_at": _when(file, "is one with the other id", unsure),
        "platform": {"value": "member"},
        "account_id": cell_of(file, "member_id", gone.name, unsure),
        "member_id": cell_of(file, "member_id", stays.name, unsure),
    }
    return TableProposal(file, "identities", cells, unsure=unsure, score=SURE)


def _pairs(file: File) -> Iterator[tuple[Column, Column]]:
    """Two columns whose names differ by the words for old and new alone, and mean a member."""
    words = header_words()["merged"]
    full = [
        column for column in file.columns if column.filled == file.rows and column.kind in ("text", "number")
    ]
    for one, other in permutations(full, 2):
        rest = {_without(one.name, words["from"]), _without(other.name, words["into"])}
        if len(rest) == 1 and (name := rest.pop()) and (means(name, "member_id") or name == "id"):
            yield one, other


def _without(name: str, words: str) -> str | None:
    """A name without one of the words before or behind it; ``None`` where it has none."""
    found = re.fullmatch(rf"(?:{words})_?(?P<behind>.+)|(?P<before>.+?)_?(?:{words})", plain_name(name))
    return found and (found["behind"] or found["before"])
