"""What columns and files of a brand's own tables are called: names, units and words in both languages."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from features import unique_yaml
from features.own_tables import NAME
from training.sources.proposal.name_patterns import means
from training.sources.reading.money_columns import meaning, plain_name

MONEY = ("unit_price_cents", "line_total", "list_price_cents", "discount_cents", "cost_cents")
LONGEST = 30  # characters of a name


@dataclass(frozen=True)
class Words:
    """How something is called.

    Parameters
    ----------
    known
        Whether a pattern knows it; else the words are its own name, to be said by a human.
    unit
        Of a column; empty where nothing tells it.
    """

    name: str
    en: str
    zh: str
    unit: str = ""
    known: bool = True


@cache
def _patterns() -> dict[str, Any]:
    found: dict[str, Any] = unique_yaml.read(Path(__file__).with_suffix(".yaml"))
    return found


def words(kind: Literal["columns", "tables", "times"], text: str) -> Words:
    """Say what a column, a file or a time at which something happened to a row is called."""
    plain = plain_name(text)
    for one in _patterns()[kind]:
        if re.fullmatch(one["is"], plain):
            return Words(one["name"], one["en"], one["zh"], one.get("unit", ""))
    return Words(slug(plain), plain.replace("_", " "), text, known=False)


def says(pattern: str, name: str) -> bool:
    """Tell whether the name of a column says something: a key of ``patterns`` in the words' file."""
    return any(re.fullmatch(one, plain_name(name)) for one in _patterns()["patterns"][pattern])


def is_money(name: str) -> bool:
    """Tell whether a column's name says that it holds amounts of money."""
    plain = re.sub(r"_*[(（][^()（）]*[)）]$", "", plain_name(name))
    if means(plain, "discount_cents") and "优惠券" in plain:
        return False
    known = any(means(plain, one) for one in MONEY)
    return known or meaning(name) in ("total", "tax", "shipping") or says("money", plain)


def slug(text: str) -> str:
    """Write a name as keys of a mapping are: small letters, digits, single lines; perhaps nothing is left."""
    bare = re.sub(r"[^0-9a-z]+", "_", plain_name(text)).strip("_")[:LONGEST].strip("_")
    bare = bare if not bare[:1].isdigit() else f"n{bare}"
    return bare if re.fullmatch(NAME, bare) else ""


def free(name: str, taken: Collection[str], instead: str) -> str:
    """Return a name that nothing has yet; ``instead`` where there is none to begin with."""
    wanted = name or instead
    count = 2
    found = wanted
    while found in taken:
        found, count = f"{wanted}_{count}", count + 1
    return found
