"""On which lines the names of columns stand, and what they are: title lines and groups aside."""

import re
from collections.abc import Sequence

from training.sources.reading.words import EMPTY, PERHAPS_EMPTY

Rows = Sequence[Sequence[str]]
LOOKED_AT = 40  # first lines among which the names are sought
VALUE = re.compile(
    r"\W*(?:[A-Z]{2,3}\$?)?\W*\d[\d\W年月日时分秒TeE_]*[A-Za-z元]{0,4}\W*"  # a number, an amount, a time
    r"|(?:\d+\.? )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?[ -]\d[\d\W]*(?:[AP]M)?"
    r"|\d{1,2}[. -]+[^\W\d_]{3,10}\.?,?[ -]\d{2,4}(?:\W[\d\W]*(?:[AP]M)?)?",
    re.IGNORECASE,
)


def header_of(rows: Rows) -> tuple[int, ...]:
    """Find the lines (from 1) that hold the names: one, two under a merged group, or none.

    ``rows`` are the cells of each line without blanks around them, those of the head first.
    """
    typed = _typed(rows)
    if not typed:
        return (_first_full(rows) + 1,)
    end = next((n for n, row in enumerate(rows[:LOOKED_AT]) if _is_data(row, typed)), 1)
    above = [n for n in range(end) if any(rows[n])]
    if not above:
        return ()
    last = above[-1]
    before = above[-2] if len(above) > 1 else None
    group = [] if before is None or before != last - 1 else rows[before]
    if before is not None and _is_whole(group, rows) and any(map(is_value, filter(None, rows[last]))):
        return (before + 1,)  # the line below has too few cells to look like data, but has some
    if (
        before is not None
        and _filled(group) > max(1, _width(rows) // 4)
        and not any(map(is_value, filter(None, group)))
    ):
        return (before + 1, last + 1)
    return (last + 1,)


def _is_whole(line: Sequence[str], rows: Rows) -> bool:
    """Whether a line names every column, each with a name of its own."""
    width = _width(rows)
    return len(line) == len(set(line)) == width > 1 and all(line) and not any(map(is_value, line))


def names_of(lines: Rows, width: int) -> list[str]:
    """Name ``width`` columns by the lines of a header; what has no name is ``column_<place>``.

    Of two lines the names are those of the one that has a name of its own for every column, the first
    that does; else group and name together.
    """
    full = [[*(cell.strip() for cell in line), *[""] * width][:width] for line in lines]
    own = [line for line in full if all(line) and len(set(line)) == width]
    if len(full) > 1 and not own:
        own = [[" ".join(dict.fromkeys(filter(None, pair))) for pair in zip(*_spread(full), strict=True)]]
    names = own[0] if own else (full[0] if full else [""] * width)
    return _told_apart([name or f"column_{place}" for place, name in enumerate(names, 1)])


def _spread(lines: list[list[str]]) -> list[list[str]]:
    """A merged cell of the upper line stands over the columns beside it, too."""
    upper, found = [], ""
    for cell in lines[0]:
        found = cell or found
        upper.append(found)
    return [upper, *lines[1:]]


def _told_apart(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return found


def _width(rows: Rows) -> int:
    widths = [len(row) for row in rows if _filled(row) > 1]
    return max(set(widths), key=widths.count, default=1)


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell)


def _typed(rows: Rows) -> list[int]:
    """Places of the columns whose cells are numbers or times in nearly all lines."""
    width = _width(rows)
    body = [row for row in rows if len(row) == width and _filled(row) > 1]
    body = body[1:] if len(body) < 6 else body[len(body) // 4 :]
    return [place for place in range(width) if _is_typed([row[place] for row in body if row[place]])]


def _is_typed(cells: list[str]) -> bool:
    return bool(cells) and sum(1 for cell in cells if is_value(cell)) >= 0.8 * len(cells)


def _is_data(row: Sequence[str], typed: list[int]) -> bool:
    there = [row[place] for place in typed if place < len(row) and row[place]]
    return len(there) > 0 and sum(1 for cell in there if is_value(cell)) >= 0.5 * len(typed)


def is_value(cell: str) -> bool:
    """Tell whether a cell looks like a number, an amount, a time or nothing,
    and so like no name of a column.
    """
    return VALUE.fullmatch(cell) is not None or cell.lower() in EMPTY | PERHAPS_EMPTY


def _first_full(rows: Rows) -> int:
    """The first line as wide as most, and with as many cells filled."""
    width = _width(rows)
    return next((n for n, row in enumerate(rows[:LOOKED_AT]) if _filled(row) > 0.5 * width), 0)
