"""Pieces of SQL that a proposal writes into conditions and cells."""

from collections.abc import Iterable


def number(name: str) -> str:
    """Read a column of a file, whose cells are texts, as a number.

    Examples
    --------
    >>> number("Qty")
    'CAST("Qty" AS DOUBLE)'
    """
    return f'CAST("{name}" AS DOUBLE)'


def marked_number(name: str, decimal: str | None) -> str:
    """Read a column of numbers that are written with a decimal mark, and a thousands mark perhaps.

    Examples
    --------
    >>> print(marked_number("Qty", ","))
    CAST(REPLACE(REPLACE("Qty", '.', ''), ',', '.') AS DOUBLE)
    """
    if decimal is None:
        return number(name)
    thousands = "." if decimal == "," else ","
    bare = f"REPLACE(\"{name}\", '{thousands}', '')"
    return f"CAST(REPLACE({bare}, '{decimal}', '.') AS DOUBLE)"


def listed(words: Iterable[str]) -> str:
    """Write words as a list to look a cell up in.

    Examples
    --------
    >>> listed(["void", "didn't pay"])
    "'void', 'didn''t pay'"
    """
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


def among(column: str, words: Iterable[str]) -> str:
    """Write the condition that a column has one of some words.

    Examples
    --------
    >>> print(among("state", ["sent", "opened"]))
    "state" IN ('sent', 'opened')
    """
    return f'"{column}" IN ({listed(words)})'
