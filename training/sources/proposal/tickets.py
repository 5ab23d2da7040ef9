"""Files of service tickets, a row each: when one was opened, solved and rated are steps of their own."""

import re
from dataclasses import replace

from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import read_as
from training.sources.proposal.column_profile import Column
from training.sources.proposal.mapping_keys import Cell, CellKeys, Cells, PartKeys, short
from training.sources.proposal.name_patterns import means
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.money_columns import plain_name

SOLVED = (  # when a ticket came to its end
    r"((conversation|ticket|case|chat)_)?(date_?)?(re)?solved(_?(at|on|date|time))?|((conversation|ticket|case|chat)_)?(date_?)?closed(_?(at|on|date|time))?|resolution_(date|time)"
    r"|(gelöst|erledigt|abgeschlossen|geschlossen)(_am)?|date_(de_)?(r[eé]solution|cl[oô]ture)"
    r"|fecha_(de_)?(resoluci[oó]n|cierre)|(解决|完结|关闭|结束)(时间|日期)"
)
RATED = {  # words of ratings, by the stars that they mean
    1: r"bad|(very|extremely)_(unhappy|dissatisfied)|sehr_unzufrieden|schlecht|非常不满意|差评?",
    2: r"unhappy|dissatisfied|unzufrieden|不满意|较差",
    3: r"neutral|okay|ok|一般|中评?",
    4: r"happy|satisfied|zufrieden|满意",
    5: r"good|(very|extremely)_(happy|satisfied)|sehr_zufrieden|gut|非常满意|好评?",
}


def stars(word: str) -> int | None:
    """Return how many stars a word of a rating means.

    Examples
    --------
    >>> stars("Extremely Happy"), stars("offered")
    (5, None)
    """
    plain = plain_name(word)
    return next((count for count, form in RATED.items() if re.fullmatch(form, plain)), None)


def with_steps(made: TableProposal) -> TableProposal:
    """The same; a rating counts from when its ticket was solved, and not from when it was opened."""
    if made.table != "care" or made.cells["kind"] != {"value": "opened"}:
        return made
    file, opened = made.file, made.cells["occurred_at"].get("column")
    ends = [c for c in file.times if c.name != opened and re.fullmatch(SOLVED, _bare(c.name))]
    rated = next((c for c in file.columns if means(c.name, "satisfaction")), None)
    cells = {name: cell for name, cell in made.cells.items() if name != "satisfaction"}
    unsure = list(made.unsure)
    if not ends:
        if rated is not None:
            unsure.append(f"{file.label}: {rated.name} is not read: no column tells when a ticket was solved")
        return replace(made, cells=cells, unsure=unsure)
    end = ends[0]
    parts = [_step(cells, end, "resolved", {}, _is_there(end))]
    unsure.append(f"{file.label}: {end.name} is taken as the time at which a ticket was solved")
    if rated is not None and (how := _rating(rated)) is not None:
        cell, where = how
        parts.append(_step(cells, end, "feedback", {"satisfaction": cell}, f"{where} AND {_is_there(end)}"))
        told = f": {', '.join(f'{w} is {n}' for w, n in cell['map'].items())}" if "map" in cell else ""
        unsure.append(f"{file.label}: {rated.name} is taken as given when the ticket was solved{told}")
    elif rated is not None:
        unsure.append(f"{file.label}: no word of {rated.name} is known; say which stars (1 to 5) they mean")
    return replace(made, cells=cells, further=made.further | {"care": parts}, unsure=unsure)


def _bare(name: str) -> str:
    """A name without what stands in brackets behind it: ``Closed at (UTC)`` as ``closed_at``."""
    return re.sub(r"_*[(（][^()（）]*[)）]$", "", plain_name(name))


def _rating(rated: Column) -> tuple[CellKeys, str] | None:
    """How stars are made of a column, and of which rows; ``None`` where its words are not known."""
    if rated.kind == "number":
        return read_as(rated, "satisfaction"), _is_there(rated)
    known = {word: count for word in rated.values if (count := stars(word))}
    return ({"column": rated.name, "map": {**known}}, sql.among(rated.name, known)) if known else None


def _step(cells: Cells, end: Column, kind: str, more: Cells, where: str) -> PartKeys:
    made = cells | {"occurred_at": read_as(end, "occurred_at"), "kind": {"value": kind}} | more
    columns: dict[str, Cell] = {name: short(cell) for name, cell in made.items()}
    return {"where": where, "columns": columns}


def _is_there(column: Column) -> str:
    return f'"{column.name}" IS NOT NULL'
