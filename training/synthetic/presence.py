"""Is a member still there, or fading since when? The posterior after all that can be seen.

Visits are a Poisson process of a rate that is gamma distributed over members, until the member begins to
fade; that has the true hazard plus the true pushes (tickets, prices, blocks, too many messages).
Integrated over the rate, "still there at T" weighs against "fades since s", as in the Pareto/NBD model
(Schmittlein, Morrison and Colombo 1987) with a slope in the place of its cliff; the integral over s is a
sum over steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from training.synthetic.calendar import DAY, FADE, Calendar, Floats, Ints
from training.synthetic.fading import FADING, LOOKS_LEFT, ORDERS_LEFT, exposure
from training.synthetic.people import SHAPE

STEPS = 64  # of the integral
LATEST = 4  # orders after a member has left that are as good as impossible
CHUNK = 20_000  # rows at once


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
        ``member`` (row), ``time`` (seconds), ``ordered``.
    shocks
        ``member``, ``time``, ``push`` (hazard of beginning to fade) and ``known`` (log likelihood ratio
        of what was seen then: fading against still there).
    """

    calendar: Calendar
    members: pl.DataFrame
    visits: pl.DataFrame
    shocks: pl.DataFrame

    @classmethod
    def of(cls, truth: Mapping[str, pl.DataFrame]) -> "History":
        """Read the truth of a simulated brand."""
        clock = truth["calendar"]
        start, end, change = (int(clock[name][0]) for name in ("start", "end", "change"))
        calendar = Calendar(start, end, change, clock["visits"].to_numpy(), clock["orders"].to_numpy())
        return cls(calendar, truth["members"], truth["visits"], truth["shocks"])

    def key(self, member: Ints, time: Ints) -> Ints:
        """Return one integer that sorts by member, then by time."""
        return (member << 32) + np.clip(time - self.calendar.start, 0, 2**32 - 1)

    def _keys(self, frame: pl.DataFrame) -> Ints:
        return self.key(frame["member"].to_numpy().astype(np.int64), frame["time"].to_numpy())

    @cached_property
    def visit_keys(self) -> Ints:
        return self._keys(self.visits)

    @cached_property
    def ages(self) -> Floats:
        """Cumulative days since the start of the visits before each and after the last, over all members."""
        return _cumulative((self.visits["time"].to_numpy() - self.calendar.start) / DAY)

    @cached_property
    def ordered(self) -> Floats:
        """Cumulative visits with an order, likewise."""
        return _cumulative(self.visits["ordered"].to_numpy())

    @cached_property
    def orders(self) -> tuple[Ints, Ints]:
        """Keys and times of the visits with an order; the times after as many that stand for none."""
        found = self.visits.filter("ordered")
        return self._keys(found), np.concatenate([np.zeros(LATEST, dtype=np.int64), found["time"].to_numpy()])

    @cached_property
    def shock_keys(self) -> Ints:
        return self._keys(self.shocks)

    @cached_property
    def pushes(self) -> Floats:
        """Cumulative pushes before each shock and after the last, over all members."""
        return _cumulative(self.shocks["push"].to_numpy())

    @cached_property
    def signs(self) -> Floats:
        """Cumulative ``known`` before each shock and after the last, over all members."""
        return _cumulative(self.shocks["known"].to_numpy())


def _cumulative(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


@dataclass(frozen=True)
class Presence:
    """What is known of members at moments; arrays of shape (rows,), or (rows, steps) where said.

    The rate of visits has a gamma posterior of ``shape`` and of an exposure in average days, in units of
    the member's ``scale``.

    Parameters
    ----------
    still
        P(does not fade yet); ``exposure`` belongs to it.
    since, weight, exposures
        Shape (rows, steps): since when the member may be fading (seconds), P of that, its exposure.
    """

    still: Floats
    shape: Floats
    exposure: Floats
    since: Ints
    weight: Floats
    exposures: Floats


def still_there(history: History, member: Ints, moment: Ints) -> Floats:
    """Return P(does not fade yet) of ``member`` (rows) just before ``moment`` (seconds),
    all of shape (rows,).
    """
    parts = [
        presence(history, member[i : i + CHUNK], moment[i : i + CHUNK]).still
        for i in range(0, len(member), CHUNK)
    ]
    return np.concatenate([np.zeros(0), *parts])


def presence(history: History, member: Ints, moment: Ints) -> Presence:
    """Return what is known of ``member`` (rows) just before ``moment`` (seconds), both of shape (rows,)."""
    clock = history.calendar
    scale, since = (history.members[name].to_numpy()[member] for name in ("scale", "since"))
    first = np.searchsorted(history.visit_keys, member << 32)
    upto = np.searchsorted(history.visit_keys, history.key(member, moment))
    shape = SHAPE + (upto - first)
    earliest = _earliest(history, member, moment, since)
    steps = np.linspace(0, 1, STEPS + 1)
    times = earliest[:, None] + ((moment - earliest)[:, None] * steps).astype(np.int64)
    begun = clock.at(clock.visits, since)[:, None]
    until = moment[:, None]
    faded = exposure(clock, "orders", times, until) + exposure(clock, "looks", times, until)
    exposures = SHAPE + scale[:, None] * (clock.at(clock.visits, times) - begun + faded)
    likelihood = _signs_of_life(history, member, times, upto) - shape[:, None] * np.log(
        exposures / exposures[:, -1:]
    )
    risk, sign = _risk(history, member, times, since)
    middle = ((likelihood + sign)[:, 1:] + (likelihood + sign)[:, :-1]) / 2
    weight = (np.exp(-risk[:, :-1]) - np.exp(-risk[:, 1:])) * np.exp(np.clip(middle, -600, 600))
    total = 1 + weight.sum(axis=1)
    return Presence(
        1 / total, shape, exposures[:, -1],
        (times[:, 1:] + times[:, :-1]) // 2, weight / total[:, None],
        (exposures[:, 1:] + exposures[:, :-1]) / 2,
    )  # fmt: skip


def _earliest(history: History, member: Ints, moment: Ints, since: Ints) -> Ints:
    """The first moment since which a member who orders again and again may be fading."""
    keys, times = history.orders
    latest = times[np.searchsorted(keys, history.key(member, moment))]  # the LATEST-th before the moment
    own = np.searchsorted(keys, history.key(member, moment)) - np.searchsorted(keys, member << 32) >= LATEST
    return np.where(own, np.maximum(latest - FADING * DAY, since), since)


def _signs_of_life(history: History, member: Ints, times: Ints, upto: Ints) -> Floats:
    """Log likelihood of the visits since each of ``times`` for who fades from then on, up to a constant."""
    edge = history.key(member[:, None], times + FADING * DAY)
    begin = np.searchsorted(history.visit_keys, history.key(member[:, None], times))
    middle = np.maximum(np.minimum(np.searchsorted(history.visit_keys, edge), upto[:, None]), begin)
    at = (times - history.calendar.start) / DAY
    fading = (history.ages[middle] - history.ages[begin] - at * (middle - begin)) / FADE
    bought = history.ordered[upto][:, None] - history.ordered[middle]
    looked = upto[:, None] - middle - bought
    return -fading + bought * np.log(ORDERS_LEFT) + looked * np.log(LOOKS_LEFT)


def _risk(history: History, member: Ints, times: Ints, since: Ints) -> tuple[Floats, Floats]:
    """Hazard until, and what contacts tell since each of ``times``, against the last of them."""
    hazard = history.members["hazard"].to_numpy()[member] / DAY
    shocks = np.searchsorted(history.shock_keys, history.key(member[:, None], times))
    risk = hazard[:, None] * (times - since[:, None]) + history.pushes[shocks]
    sign = history.signs[shocks]
    return risk - risk[:, -1:], sign[:, -1:] - sign
