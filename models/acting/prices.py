"""What the last unit of each limit is worth: prices of a sample's linear programme, then settled on all.

Each price is set at its best while the others stay (coordinate descent on the dual).
"""

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from models.acting.programme import Prices, Programme, beyond, is_limited

HALVINGS = 80


def dual_bound(programme: Programme, prices: Prices) -> float:
    """Return the dual at the prices: no plan brings more."""
    limits = np.concatenate([[programme.budget], programme.capacity, programme.channel_capacity])
    each = np.concatenate([[prices.budget], prices.option, prices.channel])
    paid = each > 0
    rest = beyond(programme, prices).max(axis=0, initial=0.0)
    return float(rest.sum() + (each[paid] * limits[paid]).sum())


def first_prices(programme: Programme, sample: int, seed: int) -> Prices:
    """Return prices of the exact linear programme of a sample, its limits in proportion."""
    options, members = programme.value.shape
    channels = len(programme.channel_capacity)
    none = Prices(0.0, np.zeros(options), np.zeros(channels))
    if not members or not is_limited(programme):
        return none
    drawn = np.arange(members)
    if members > sample:
        drawn = np.sort(np.random.default_rng(seed).choice(members, sample, replace=False))
    part = programme.take(drawn)
    option, member = np.nonzero(part.value > 0)
    if not len(option):
        return none
    rows = [sparse.csr_array(part.cost[option, member][None, :])]
    rows += [_marks(option, options), _marks(programme.channel[option], channels), _marks(member, len(drawn))]
    share = len(drawn) / members
    limits = np.concatenate([[part.budget], part.capacity, part.channel_capacity]) * share
    limits = np.concatenate([limits, np.ones(len(drawn))])
    binds = np.isfinite(limits)
    table = sparse.vstack(rows, format="csr")[binds]
    found = linprog(-part.value[option, member], A_ub=table, b_ub=limits[binds], method="highs")
    if found.status != 0:  # prices may begin anywhere: the sweeps settle them
        return none
    prices = np.zeros(len(limits))
    prices[binds] = np.maximum(-found.ineqlin.marginals, 0)
    return Prices(float(prices[0]), prices[1 : 1 + options], prices[1 + options : 1 + options + channels])


def _marks(of: np.ndarray, count: int) -> sparse.csr_array:
    """Ones at (of[j], j), shape (count, len(of))."""
    each = np.arange(len(of))
    return sparse.csr_array((np.ones(len(of)), (of, each)), shape=(count, len(of)))


def swept(programme: Programme, prices: Prices) -> Prices:
    """Set every price once, at its best while the others stay."""
    rest = beyond(programme, Prices(0.0, prices.option, prices.channel))
    budget = _price_of_money(rest, programme.cost, programme.budget)
    if budget > 0:
        rest -= budget * programme.cost
    option, channel = prices.option.copy(), prices.channel.copy()
    for prices_of, limits, of in (
        (option, programme.capacity, np.arange(len(option))),
        (channel, programme.channel_capacity, programme.channel),
    ):
        for code in np.flatnonzero(np.isfinite(limits)):
            own = of == code
            found = _price_of_places(rest, own, prices_of[code], int(limits[code]))
            rest[own] += prices_of[code] - found
            prices_of[code] = found
    return Prices(budget, option, channel)


def _price_of_places(rest: np.ndarray, own: np.ndarray, price: float, places: int) -> float:
    """Price at which as many members want ``own`` options as there are places."""
    mine = rest[own].max(axis=0, initial=-np.inf) + price
    other = rest[~own].max(axis=0, initial=0.0)
    lead = mine - other
    lead = lead[lead > 0]
    if len(lead) <= places:
        return 0.0
    ranked = np.partition(lead, [len(lead) - places - 1, max(len(lead) - places, 0) % len(lead)])
    below = ranked[len(lead) - places - 1]
    if places == 0:
        return float(below)  # the highest: nobody wants it
    return float((below + ranked[len(lead) - places]) / 2)


def _price_of_money(rest: np.ndarray, cost: np.ndarray, budget: float) -> float:
    """Price of money at which what is wanted costs the budget; members who are settled are left out."""
    if not np.isfinite(budget) or not rest.size:
        return 0.0
    spent = _bought(rest, cost, 0.0)
    if spent.sum() <= budget:
        return 0.0
    paid = (rest > 0) & (cost > 0)
    low, high = 0.0, float(np.max(rest[paid] / cost[paid])) * (1 + 1e-9)
    least = _bought(rest, cost, high)
    settled = 0.0
    for _ in range(HALVINGS):
        moves = spent != least
        settled += float(least[~moves].sum())
        if not moves.any():
            break
        rest, cost, spent, least = rest[:, moves], cost[:, moves], spent[moves], least[moves]
        middle = (low + high) / 2
        found = _bought(rest, cost, middle)
        if settled + found.sum() > budget:
            low, spent = middle, found
        else:
            high, least = middle, found
    return high


def _bought(rest: np.ndarray, cost: np.ndarray, price: float) -> np.ndarray:
    """What each member's best option costs at a price of money, shape (members,)."""
    table = rest - price * cost if price > 0 else rest
    best, each = table.argmax(axis=0), np.arange(table.shape[1])
    return np.where(table[best, each] > 0, cost[best, each], 0.0)
