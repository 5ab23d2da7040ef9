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
