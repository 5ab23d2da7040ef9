"""What can be chosen for whom, the limits, and what their prices leave worth choosing."""

from dataclasses import dataclass

import numpy as np

NOTHING = -1
ROOM = 1e-9  # of a budget, for sums in floating point


@dataclass(frozen=True)
class Programme:
    """What can be chosen, and the limits.

    Parameters
    ----------
    value
        What each option brings each member beyond its cost, shape (options, members); ``-inf`` where
        the option is not allowed.
    cost
        Money, not negative, shape (options, members); a broadcast view will do.
    channel
        Code of each option's channel, shape (options,).
    budget
        Money; ``inf`` where there is none.
    capacity
        Members for each option, shape (options,); ``inf`` where there is no limit.
    channel_capacity
        Members for each channel, shape (channels,).
    """

    value: np.ndarray
    cost: np.ndarray
    channel: np.ndarray
    budget: float
    capacity: np.ndarray
    channel_capacity: np.ndarray

    def take(self, members: np.ndarray) -> "Programme":
        """Return only some members; the limits stay."""
        part = self.value[:, members], self.cost[:, members]
        return Programme(*part, self.channel, self.budget, self.capacity, self.channel_capacity)

    def of(self, table: np.ndarray, choice: np.ndarray) -> np.ndarray:
        """Return ``table`` (options, members) at each member's choice; 0 where that is nothing."""
        found = table[np.maximum(choice, 0), np.arange(len(choice))]
        return np.where(choice == NOTHING, 0.0, found)


@dataclass(frozen=True)
class Prices:
    """What the last unit of each limit is worth: of money, of each option's and channel's capacity."""

    budget: float
    option: np.ndarray
    channel: np.ndarray


def wanted(programme: Programme, prices: Prices) -> np.ndarray:
    """Return which option each member takes at the prices, limits aside, shape (members,)."""
    rest = beyond(programme, prices)
    if not rest.size:
        return np.full(rest.shape[1], NOTHING)
    best = rest.argmax(axis=0)
    return np.where(rest[best, np.arange(rest.shape[1])] > 0, best, NOTHING)


def beyond(programme: Programme, prices: Prices) -> np.ndarray:
    """Return what each option brings beyond its cost and the prices, shape (options, members)."""
    places = prices.option + prices.channel[programme.channel]
    rest = programme.value - places[:, None]
    if prices.budget > 0:
        rest -= prices.budget * programme.cost
    return rest


def is_limited(programme: Programme) -> bool:
    """Tell whether there is any limit."""
    limits = [programme.budget, *programme.capacity, *programme.channel_capacity]
    return bool(np.isfinite(limits).any())
