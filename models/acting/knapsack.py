"""At most one option a member, within a budget and capacities: the multiple-choice knapsack.

Every limit has a price (a Lagrangian multiplier); at the prices each member takes the option that is
worth most beyond its price, or nothing. Prices come from the exact linear programme of a sample and are
then settled on all members, one after the other, each exactly (coordinate descent on the dual). The dual
is a bound on what any plan can reach, so that the distance to it is known (Sinha and Zoltners 1979;
Kellerer, Pferschy and Pisinger 2004, ch. 11). Limits hold whatever the prices.
"""

from dataclasses import dataclass

import numpy as np

from models.acting.filling import candidates
from models.acting.prices import dual_bound, first_prices, swept
from models.acting.programme import Prices, Programme, is_limited

SAMPLE = 3_000  # members whose programme is solved exactly for the first prices
SWEEPS = 8
ENOUGH = 1e-5  # relative gain of a sweep below which prices are settled


@dataclass(frozen=True)
class Solution:
    """The options chosen, shape (members,), ``NOTHING`` for none; their value and the bound on any plan's."""

    choice: np.ndarray
    prices: Prices
    value: float
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """How much of the bound is not reached, between 0 and 1."""
        return max(0.0, 1 - self.value / self.bound) if self.bound > 0 else 0.0


def solve(programme: Programme, sample: int = SAMPLE, seed: int = 0) -> Solution:
    """Choose the options; deterministic.

    Parameters
    ----------
    sample
        Of how many members the linear programme is solved for the first prices.

    Examples
    --------
    >>> value, cost = np.array([[3.0, 2.0, 1.0]]), np.ones((1, 3))
    >>> one, none = np.array([np.inf]), np.array([0])
    >>> solve(Programme(value, cost, none, 2.0, one, one)).choice.tolist()
    [0, 0, -1]
    """
    prices = first_prices(programme, sample, seed)
    bound = dual_bound(programme, prices)
    best, free = prices, not is_limited(programme)
    for _ in range(0 if free else SWEEPS):
        prices = swept(programme, prices)
        found, before = dual_bound(programme, prices), bound
        if found < bound:
            bound, best = found, prices
        if found >= before - ENOUGH * abs(before):
            break
    choice = max(candidates(programme, best), key=lambda found: programme.of(programme.value, found).sum())
    value = float(programme.of(programme.value, choice).sum())
    return Solution(choice, best, value, float(programme.of(programme.cost, choice).sum()), max(bound, value))
