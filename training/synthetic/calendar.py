"""When the brand's members are active: hour of the day, weekday, season, and one change of the base rate."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]
Ages = Floats | np.float64 | float  # days
Flags = NDArray[np.bool_]

HOUR = 3_600  # seconds
DAY = 86_400  # seconds
NEVER = 2**62  # seconds since the epoch
LOCAL = 8  # hours that the brand's local time is ahead of UTC
AHEAD = 400  # days for which the calendar goes on after the end, for windows that end later
CHANGE_AT = 0.72  # share of the period after which the base rate changes
CHANGE_FACTOR = 0.75  # what is left of the odds to answer and of the visits that end in an order
ORDER_SHARE = 0.45  # visits that end in an order, before the change
FADE = 35.0  # days in which the visits of a member who is fading fall to 1/e
HOURS = np.array([2, 1, 1, 1, 1, 2, 4, 6, 8, 10, 12, 14, 16, 14, 12, 12, 12, 14, 16, 20, 24, 22, 14, 6])


@dataclass(frozen=True)
class Calendar:
    """The brand's clock.

    Parameters
    ----------
    start, end, change
        Period of the data and the moment of the base-rate change (seconds since the epoch, UTC).
    visits, orders
        Shape (hours + 1,): cumulative intensity of visits, and of visits that end in an order,
        in average days since ``start``.
    """

    start: int
    end: int
    change: int
    visits: Floats
    orders: Floats

    @cached_property
    def looks(self) -> Floats:
        """Cumulative intensity of the visits that end in no order."""
        return self.visits - self.orders

    @cached_property
    def faded_orders(self) -> Floats:
        """What is left of ``orders`` from each hour on where they fade from then on, in average days."""
        return _faded(self.orders)

    @cached_property
    def faded_looks(self) -> Floats:
        """The same of ``looks``."""
        return _faded(self.looks)

    def at(self, curve: Floats, time: Ints | Floats) -> Floats:
        """Return the cumulative ``curve`` at ``time`` (seconds since the epoch), linear within the hour."""
        hours = np.clip((time - self.start) / HOUR, 0, len(curve) - 1.001)
        whole = hours.astype(np.int64)
        return curve[whole] + (hours - whole) * (curve[whole + 1] - curve[whole])

    def when(self, mass: Floats) -> Ints:
        """Return the time at which the cumulative visits reach ``mass``."""
        hours = np.interp(mass, self.visits, np.arange(len(self.visits)))
        return self.start + (hours * HOUR).astype(np.int64)

    def order_share(self, time: Ints) -> Floats:
        """Return the share of visits at ``time`` that end in an order."""
        return np.where(time < self.change, ORDER_SHARE, ORDER_SHARE * CHANGE_FACTOR)


def seconds(day: date) -> int:
    """Return midnight UTC of ``day``, in seconds since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def local_hour(time: Ints) -> Ints:
    """Return the hour of the day on the brand's clocks (0 to 23)."""
    return (time // HOUR + LOCAL) % 24


def season(day: date) -> float:
    """Return the activity of a day against an average one: a wave over the year,
    three festivals, weekends.
    """
    level = 1 + 0.12 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 320) / 365)
    if (day.month == 11 and day.day <= 11) or (day.month == 6 and day.day <= 18):
        level *= 1.35
    if day.month == 1 and day.day >= 18:
        level *= 1.2
    return float(level * (1.15 if day.weekday() >= 5 else 1.0))


def _faded(curve: Floats) -> Floats:
    """Integral of the curve's steps times ``exp(-age / FADE)``, from each hour on, shape of ``curve``."""
    step = HOUR / (FADE * DAY)
    mass = np.diff(curve, append=curve[-1]) * (-np.expm1(-step) / step)
    return lfilter([1.0], [1.0, -np.exp(-step)], mass[::-1])[::-1].copy()


def build(start: date, end: date) -> Calendar:
    """Return the calendar of a period of data."""
    first, last = seconds(start), seconds(end)
    change = first + int((last - first) * CHANGE_AT) // DAY * DAY
    days = (end - start).days + AHEAD
    level = np.array([season(start + timedelta(days=day)) for day in range(days)])
    hourly = np.roll(HOURS / HOURS.sum(), -LOCAL)
    visits = (level[:, None] * hourly).ravel()
    share = np.where(first + np.arange(len(visits)) * HOUR < change, 1.0, CHANGE_FACTOR) * ORDER_SHARE
    edges = [np.concatenate([[0.0], np.cumsum(curve)]) for curve in (visits, visits * share)]
    return Calendar(first, last, change, *edges)
