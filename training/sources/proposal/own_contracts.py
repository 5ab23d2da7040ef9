"""Files of contracts: what ends, or goes on from period to period until it is cancelled."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from features.own_tables import CONTRACTS
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import CellKeys, OwnTableKeys
from training.sources.proposal.own_keys import Key
from training.sources.proposal.own_times import Times, cell
from training.sources.proposal.own_words import Words, says, words
from training.sources.reading.money_columns import plain_name

KINDS = (CONTRACTS, "stored_value")  # what somebody has until it ends, and then has anew or no more
OVER = ("cancelled", "ended", "closed")  # names of what happened to a contract that goes on by itself
MONTH = 30
IDS = (
    r"((subscription|contract|membership|policy|abo|abonnement|vertrags?)_?)?(id|no|number|nr|nummer)"
    r"|(合同|订阅|保单)(编号|号|id)"
)
PERIODS = {
    **dict.fromkeys(("week", "weekly", "周"), 7),
    **dict.fromkeys(("month", "monthly", "月", "月付"), MONTH),
    **dict.fromkeys(("quarter", "quarterly", "季", "季付"), 91),
    **dict.fromkeys(("half-yearly", "半年"), 182),
    **dict.fromkeys(("year", "yearly", "annual", "annually", "年", "年付"), 365),
}


@dataclass
class Contracts:
    """What makes a file one of contracts.

    Parameters
    ----------
    keys
        Keys of the own table beside its times.
    said
        What a human should look at.
    cancelled
        The column that says when a contract was cancelled.
    read
        Columns that are none of the table's own.
    """

    keys: OwnTableKeys
    said: str
    cancelled: Column | None = None
    read: tuple[str, ...] = ()


def called(name: str, file: File) -> Words:
    """Return the words of a file by its name, or as contracts where a column of its own ids says so."""
    by_name = words("tables", name)
    return by_name if by_name.known or not _numbered(file) else words("tables", CONTRACTS)


def is_contracts(file: File) -> bool:
    """Tell whether a file is one of members' contracts that end or are cancelled, and so none of orders."""
    if called(file.label, file).name != CONTRACTS or file.meaning("member_id") is None or not _numbered(file):
        return False
    return len(file.times) > 1 and any(words("times", c.name).name in OVER for c in file.times)


def _numbered(file: File) -> bool:
    """Whether each row is a contract of its own number."""
    return any(c.is_unique and re.fullmatch(IDS, plain_name(c.name)) for c in file.columns)


def contract_of(
    called: Words, key: Key, times: Times, file: File, taken: Collection[str]
) -> Contracts | None:
    """Tell whether a file is one of members' contracts; ``None`` where it is not, or another is."""
    if called.name not in KINDS or key.ids.name != "member_id" or CONTRACTS in taken:
        return None
    over = [c for c in times.later if words("times", c.name).name in OVER]
    if times.ends is not None:
        return _ending(times.ends, [c for c in over if words("times", c.name).name == "cancelled"])
    return _rolling(over[0], file) if over else None


def _ending(end: Column, cancelled: list[Column]) -> Contracts:
    said = (
        f"taken as contracts, which are asked about before {end.name} comes (task lapse). That must be the "
        "end that was agreed: one overwritten by a cancellation is a leak. Several side by side of "
        "one member need `line`"
    )
    if not cancelled:
        return Contracts({}, said)
    keys: OwnTableKeys = {"cancelled_at": cell(cancelled[0])}
    return Contracts(keys, f"{said}. {cancelled[0].name} is known from its own time on", cancelled[0])


def _rolling(over: Column, file: File) -> Contracts:
    """Without an end that is known beforehand it goes on until it is cancelled."""
    named = [column for column in file.columns if says("period", column.name)]
    period = next((c for c in named if any(one.lower() in PERIODS for one in c.values)), None)
    days = {one: PERIODS[one.lower()] for one in (period.values if period else ()) if one.lower() in PERIODS}
    made: CellKeys = {"value": MONTH}
    if period and days:
        made = {"column": period.name, "map": {**days}, "other": MONTH}
    said = (
        f"taken as contracts that go on until {over.name}; each renewal is asked about before it comes (task "
        f"lapse), {'by ' + period.name if period and days else f'every {MONTH} days'}: see `renews_days`, "
        "also where some renew every second or third period only"
    )
    read = (period.name,) if period and days else ()
    return Contracts({"renews_days": made, "cancelled_at": cell(over)}, said, over, read)
