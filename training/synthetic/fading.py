"""How members go: not at once. From a moment that nobody sees, visits and orders thin out over weeks.

What is left of a member's visits ``age`` days after that moment is ``exp(-age / FADE)`` for ``FADING`` days;
then the member has left. Some who left still look in, and a few buy once more.
"""

from typing import Literal

import numpy as np

from training.synthetic.calendar import DAY, FADE, Calendar, Flags, Floats, Ints

FADING = 90  # days from the first sign to having left
LOOKS_LEFT, ORDERS_LEFT = 0.06, 0.02  # visits without and with an order that are left afterwards


def happens(time: Ints, fades: Ints, luck: Floats, ordered: Flags) -> Flags:
    """Tell whether visits happen of members who fade from ``fades`` (seconds) on; ``luck`` is uniform."""
    age = np.maximum(time - fades, 0) / DAY
    left = np.where(ordered, ORDERS_LEFT, LOOKS_LEFT)
    return luck < np.where(age < FADING, np.exp(-age / FADE), left)


def exposure(clock: Calendar, kind: Literal["orders", "looks"], fades: Ints, until: Ints) -> Floats:
    """Return the average days' worth of visits of a kind between ``fades`` and
    ``until`` (seconds), 0 before.
    """
    until = np.maximum(until, fades)
    edge = np.minimum(until, fades + FADING * DAY)
    curve, faded = getattr(clock, kind), getattr(clock, f"faded_{kind}")
    while_fading = clock.at(faded, fades) - np.exp(-(edge - fades) / (FADE * DAY)) * clock.at(faded, edge)
    left = ORDERS_LEFT if kind == "orders" else LOOKS_LEFT
    return while_fading + left * (clock.at(curve, until) - clock.at(curve, edge))
