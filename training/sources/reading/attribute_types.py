"""Attributes of the brand's own: ``x_<name>`` columns whose type is found in their values."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import polars as pl

from training.sources.reading.cell_types import NAIVE, as_text

WORD = re.compile(r"[^0-9a-zA-Z]+")


def chosen(
    wanted: Mapping[str, str] | Sequence[str], names: Sequence[str], taken: set[str]
) -> dict[str, str]:
    """Return ``x_<name>`` for each column of a source that a name or a pattern (``*``, ``?``) asks for.

    A pattern that starts with ``-`` takes columns out again; columns in ``taken`` come by name only.

    Raises
    ------
    ValueError
        A name or pattern that no column answers to.
    """
    if isinstance(wanted, Mapping):
        pairs = {_name(name): column for name, column in wanted.items()}
    else:
        pairs = {}
        for pattern in wanted:
            found = [name for name in names if fnmatchcase(name, pattern.removeprefix("-"))]
            if pattern.startswith("-"):
                pairs = {name: column for name, column in pairs.items() if column not in found}
                continue
            if not found:
                raise ValueError(f"no column is named {pattern!r}; there are {sorted(names)}")
            pairs |= {_name(column): column for column in found if column == pattern or column not in taken}
    missing = sorted(set(pairs.values()) - set(names))
    if missing:
        raise ValueError(f"no columns {missing}; there are {sorted(names)}")
    return pairs


def _name(text: str) -> str:
    return "x_" + WORD.sub("_", text.removeprefix("x_")).strip("_").lower()


def typed_by_itself(values: pl.Series) -> pl.Series:
    """Return numbers and truth values as Float64, dates as days since 1970-01-01 (Float64),
    the rest as text.
    """
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values.cast(pl.Float64)
    if isinstance(values.dtype, pl.Date | pl.Datetime):
        return values.dt.epoch("d").cast(pl.Float64)
    text = values.to_frame("v").select(as_text(pl.col("v"), values.dtype))["v"].alias(values.name)
    number = text.cast(pl.Float64, strict=False)
    if number.null_count() == text.null_count():
        return number if text.null_count() < len(text) else text
    words = text.str.to_lowercase()
    if words.drop_nulls().is_in(["true", "false"]).all():
        return (words == "true").cast(pl.Float64)
    days = text.str.strptime(pl.Date, NAIVE[0], strict=False)
    if days.null_count() == text.null_count():
        return days.dt.epoch("d").cast(pl.Float64)
    return text
