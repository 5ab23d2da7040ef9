"""Points and coupons as a source writes them: two tables that no contract knows."""

import numpy as np
import polars as pl

from training.synthetic.calendar import DAY, Ints
from training.synthetic.frames import codes, known, recorded, stamps
from training.synthetic.loyalty import EARNED, EVERY, KINDS, LOTS, TYPES, Log

STEPS = ("issued", "used", "expired")


def points(log: Log, members: pl.Series, end: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return the ledger, an entry a row; what was earned says when it expires."""
    member, time, kind, amount, balance = (np.concatenate(part) for part in zip(*log.points, strict=True))
    expires = np.where(kind == EARNED, time + LOTS * EVERY * DAY, time)
    found = pl.DataFrame(
        {
            "account": members.gather(member),
            "day": stamps(time),
            "booked": recorded(time, rng),
            "entry": codes(KINDS, kind),
            "points": amount,
            "balance": balance,
            "expires": stamps(expires),
        }
    )
    return _before(found, end)


def coupons(log: Log, members: pl.Series, end: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return what became of coupons, a step a row; what was issued says until when it is good."""
    member, issued, ends, kind, value, used = (
        np.concatenate(part) for part in zip(*log.coupons, strict=True)
    )
    everyone = np.arange(len(member))
    was_used, lapsed = np.flatnonzero(used < ends), np.flatnonzero((used >= ends) & (ends < end))
    steps: list[tuple[Ints, Ints, Ints]] = [
        (everyone, issued, ends),
        (was_used, used[was_used], used[was_used]),
        (lapsed, ends[lapsed], ends[lapsed]),
    ]
    row, time, until = (np.concatenate(part) for part in zip(*steps, strict=True))
    step = np.repeat(np.arange(len(STEPS)), [len(rows) for rows, *_ in steps])
    found = pl.DataFrame(
        {
            "account": members.gather(member[row]),
            "day": stamps(time),
            "booked": recorded(time, rng),
            "step": codes(STEPS, step),
            "type": codes(TYPES, kind[row]),
            "value": value[row],
            "valid_days": (ends - issued)[row] // DAY,
            "until": stamps(until),
        }
    )
    return _before(found, end)


def _before(frame: pl.DataFrame, end: int) -> pl.DataFrame:
    """The rows known before ``end``, in order of time."""
    names = {"day": "occurred_at", "booked": "recorded_at"}
    rows = known(frame.rename(names), end).sort("occurred_at", maintain_order=True)
    return rows.rename({there: here for here, there in names.items()})
