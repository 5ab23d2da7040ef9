"""What is wrong with tables that rows, one by one, do not show: found by money, people and outcomes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import cast

from training.data.artifacts import FindingRecord

KINDS = {
    "spoiled_ids": "ids in scientific notation",
    "keys_apart": "ids that hardly meet those of the table they name",
    "one_id": "one id with an outsized share of the rows",
    "emptied_cells": "cells of people that could not be read",
    "set_aside": "money, members or outcomes lost to quarantine",
    "twice": "the same rows in several files",
    "unattributed": "answers that name no campaign",
    "whole_days": "outcomes that name a day and no time",
    "outcomes_end": "outcomes that stop before their subjects",
    "orders_end": "purchases that stop long before the extract",
    "outcomes_before": "outcomes before what they answer",
    "amounts": "lines that do not add up to their orders' totals",
    "unmet": "lines without their orders, or orders without lines",
    "unread": "files that tell of purchases and that no table takes",
    "minor_units": "amounts that may be in the smallest unit",
    "refunds": "orders that give back more than they cost",
    "currencies": "several currencies in one column of amounts",
    "free_text": "free text that is counted as a category",
    "ends_overwritten": "contracts that end on the day of their cancellation",
    "side_by_side": "contracts of one member that run side by side",
    "few_texts": "texts too few, or too different, for topics",
}


@dataclass(frozen=True)
class Finding:
    """A doubt about a table.

    Parameters
    ----------
    table, kind
        Where, and one of ``KINDS``; ``table.kind`` is its name in the mapping's ``accept``.
    says
        A sentence with the number and an example.
    advice
        What to do.
    stops
        Whether the pipeline stops until it is mended or accepted.
    accepted
        Why it is right as it is; empty where nobody says so.
    """

    table: str
    kind: str
    says: str
    advice: str
    stops: bool = True
    accepted: str = ""

    @property
    def name(self) -> str:
        """Name it in ``accept``."""
        return f"{self.table}.{self.kind}"

    @property
    def is_fatal(self) -> bool:
        """Tell whether the pipeline stops."""
        return self.stops and not self.accepted

    def line(self) -> str:
        """Say it in one line, for people."""
        if self.accepted:
            return f"accepted {self.name}: {self.says} ({self.accepted})"
        how = "stops the pipeline" if self.stops else "warning"
        return f"{how}, {self.name}: {self.says}. {self.advice}" + (
            f"; or say why it is right under `accept: {{{self.name}: …}}`" if self.stops else ""
        )


def shape(text: str) -> str:
    """Show how an id is written without telling it: letters as x, digits as 9, zeros in front as they are.

    Examples
    --------
    >>> shape("C-10023"), shape("00417"), shape("会员7")
    ('x-99999', '00999', 'xx9')
    """
    zeros = len(text) - len(text.lstrip("0"))
    return text[:zeros] + "".join(
        "9" if sign.isdigit() else "x" if sign.isalpha() else sign for sign in text[zeros:]
    )


def settled(found: Iterable[Finding], accept: Mapping[str, str]) -> Iterator[Finding]:
    """Give each finding the reason for which the mapping accepts it.

    Raises
    ------
    ValueError
        A key of ``accept`` that can be no finding's name.
    """
    wrong = [name for name in accept if name.partition(".")[2] not in KINDS]
    if wrong:
        raise ValueError(
            f"accept: no finding is named {wrong[0]!r}; allowed is TABLE.KIND of {sorted(KINDS)}"
        )
    for one in found:
        yield Finding(**{**asdict(one), "accepted": accept.get(one.name, "")})


def refuse(found: Iterable[Finding], place: str) -> None:
    """Stop where a finding is neither mended nor accepted.

    Raises
    ------
    ValueError
        All such findings, one sentence each.
    """
    fatal = [one.line() for one in found if one.is_fatal]
    if fatal:
        raise ValueError(f"{place}: " + "; ".join(fatal))


def as_records(found: Iterable[Finding]) -> list[FindingRecord]:
    """Write findings for a summary, with their lines."""
    return [cast(FindingRecord, {**asdict(one), "line": one.line()}) for one in found]
