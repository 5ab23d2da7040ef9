"""Is a member still there? The posterior after all that can be seen, with the true parameters.

Visits are a Poisson process of a rate that is gamma distributed over members, until the member leaves;
leaving has a known hazard plus known pushes (tickets, blocks, too many messages). Integrated over the
rate, "still there at T" weighs against "left at s", last visit < s < T, as in the Pareto/NBD model
(Schmittlein, Morrison and Colombo 1987); the integral over s is a sum over growing steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from features.synthetic.calendar import DAY, Calendar, Floats, Ints
from features.synthetic.people import SHAPE

STEPS = 24  # of the integral
GROWTH = 60.0  # the last step is about so many times the first
CHUNK = 100_000  # rows at once


@dataclass(frozen=True)
class History:
    """What an observer sees of the members, sorted by member and time.

    Parameters
    ----------
    calendar
        The brand's clock.
    members
        ``scale`` (visits on an average day), ``hazard`` (a day), ``since`` (seconds), a row a member.
    visits
        ``member`` (row), ``time`` (seconds).
    shocks
        ``member``, ``time``, ``push`` (hazard of leaving at once) and ``known`` (log likelihood ratio
        of what was seen then: left against still there).
    """

    calendar: Calendar
    members: pl.DataFrame
    visits: pl.DataFrame
    shocks: pl.DataFrame

    @classmethod
    def of(cls, truth: Mapping[str, pl.DataFrame]) -> "History":
        """From the truth of a simulated brand."""
        clock = truth["calendar"]
        start, end, change = (int(clock[name][0]) for name in ("start", "end", "change"))
        calendar = Calendar(start, end, change, clock["visits"].to_numpy(), clock["orders"].to_numpy())
        return cls(calendar, truth["members"], truth["visits"], truth["shocks"])

    def key(self, member: Ints, time: Ints) -> Ints:
        """One integer that sorts by member, then by time."""
        return (member << 32) + np.clip(time - self.calendar.start, 0, 2**32 - 1)

    @cached_property
    def visit_keys(self) -> Ints:
        return self.key(self.visits["member"].to_numpy().astype(np.int64), self.visits["time"].to_numpy())

    @cached_property
    def visit_times(self) -> Ints:
        """The time of each visit, after a first one that stands for none."""
        return np.concatenate([[0], self.visits["time"].to_numpy()])

    @cached_property
    def shock_keys(self) -> Ints:
        return self.key(self.shocks["member"].to_numpy().astype(np.int64), self.shocks["time"].to_numpy())

    @cached_property
    def pushes(self) -> Floats:
        """Cumulative pushes before each shock and after the last, over all members."""
        return np.concatenate([[0.0], np.cumsum(self.shocks["push"].to_numpy())])

    @cached_property
    def signs(self) -> Floats:
        """Cumulative ``known`` before each shock and after the last, over all members."""
        return np.concatenate([[0.0], np.cumsum(self.shocks["known"].to_numpy())])


@dataclass(frozen=True)
class Presence:
    """What is known of members at moments; arrays of shape (rows,).

    ``still`` is P(still there); the rate of visits has a gamma posterior of ``shape`` and ``exposure``
    (average days, in units of the member's ``scale``) where the member is still there.
    """

    still: Floats
    shape: Floats
    exposure: Floats


def presence(history: History, member: Ints, moment: Ints) -> Presence:
    """What is known of ``member`` (rows) just before ``moment`` (seconds), both of shape (rows,)."""
    parts = [
        _presence(history, member[i : i + CHUNK], moment[i : i + CHUNK]) for i in range(0, len(member), CHUNK)
    ]
    stacked = [np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])]
    return Presence(*stacked)


def _presence(history: History, member: Ints, moment: Ints) -> Presence:
    clock = history.calendar
    since = history.members["since"].to_numpy()[member]
    scale = history.members["scale"].to_numpy()[member]
    hazard = history.members["hazard"].to_numpy()[member] / DAY
    first = np.searchsorted(history.visit_keys, member << 32)
    upto = np.searchsorted(history.visit_keys, history.key(member, moment))
    last = np.where(upto > first, history.visit_times[upto], since)
    shape = SHAPE + (upto - first)

    steps = np.expm1(np.linspace(0, np.log(GROWTH), STEPS + 1)) / (GROWTH - 1)
    times = last[:, None] + ((moment - last)[:, None] * steps).astype(np.int64)
    begun = clock.at(clock.visits, since)[:, None]
    exposure = SHAPE + scale[:, None] * (clock.at(clock.visits, times) - begun)
    shocks = np.searchsorted(history.shock_keys, history.key(member[:, None], times))
    risk = hazard[:, None] * (times - since[:, None]) + history.pushes[shocks]
    risk, sign = risk - risk[:, -1:], history.signs[shocks]
    sign = sign[:, -1:] - sign
    weight = -shape[:, None] * np.log(exposure / exposure[:, -1:])
    middle = (weight[:, 1:] + weight[:, :-1]) / 2 + (sign[:, 1:] + sign[:, :-1]) / 2
    left = (np.exp(-risk[:, :-1]) - np.exp(-risk[:, 1:])) * np.exp(np.clip(middle, -600, 600))
    return Presence(1 / (1 + left.sum(axis=1)), shape, exposure[:, -1])
