"""What is to be doubted about the sources of a mapping, before a row of a table is judged."""

from collections.abc import Iterator
from pathlib import Path

from training.sources.judging.findings import Finding
from training.sources.judging.joined_orders import unmet
from training.sources.judging.minor_units import minor_units
from training.sources.mapping.mapping_file import Mapping


def of_sources(mapping: Mapping, root: Path) -> Iterator[Finding]:
    """Yield doubts about joins and units of a mapping's sources, and about files that it does not read.

    Raises
    ------
    FileNotFoundError, ValueError
        A source that cannot be read.
    """
    yield from unmet(mapping, root)
    yield from minor_units(mapping, root)
    for file, why in mapping.unread.items():
        advice = "Bring what it names into the orders, or take it out of `unread` if it is no matter"
        yield Finding("purchases", "unread", f"{file} {why}", advice)
