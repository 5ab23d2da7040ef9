"""At most one option a member, within a budget and capacities: the multiple-choice knapsack.

Every limit has a price (a Lagrangian multiplier); at the prices each member takes the option that is
worth most beyond its price, or nothing. Prices come from the exact linear programme of a sample and are
then settled on all members, one after the other, each exactly (coordinate descent on the dual). The dual
is a bound on what any plan can reach, so that the distance to it is known (Sinha and Zoltners 1979;
Kellerer, Pferschy and Pisinger 2004, ch. 11). Limits hold whatever the prices.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

NOTHING = -1
SAMPLE = 3_000  # members whose programme is solved exactly for the first prices
FEW = 2_000
SWEEPS, ROUNDS, HALVINGS = 8, 30, 80
ENOUGH = 1e-5  # relative gain of a sweep below which prices are settled
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
        """Only some members; the limits stay."""
        part = self.value[:, members], self.cost[:, members]
        return Programme(*part, self.channel, self.budget, self.capacity, self.channel_capacity)

    def of(self, table: np.ndarray, choice: np.ndarray) -> np.ndarray:
        """``table`` (options, members) at each member's choice; 0 where that is nothing."""
        found = table[np.maximum(choice, 0), np.arange(len(choice))]
        return np.where(choice == NOTHING, 0.0, found)


@dataclass(frozen=True)
class Prices:
    """What the last unit of each limit is worth: of money, of each option's and channel's capacity."""

    budget: float
    option: np.ndarray
    channel: np.ndarray


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
    prices = _first(programme, sample, seed)
    bound = _bound(programme, prices)
    best, free = prices, not _limited(programme)
    for _ in range(0 if free else SWEEPS):
        prices = _sweep(programme, prices)
        found, before = _bound(programme, prices), bound
        if found < bound:
            bound, best = found, prices
        if found >= before - ENOUGH * abs(before):
            break
    choice = max(_candidates(programme, best), key=lambda found: programme.of(programme.value, found).sum())
    value = float(programme.of(programme.value, choice).sum())
    return Solution(choice, best, value, float(programme.of(programme.cost, choice).sum()), max(bound, value))


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


def _limited(programme: Programme) -> bool:
    limits = [programme.budget, *programme.capacity, *programme.channel_capacity]
    return bool(np.isfinite(limits).any())


def _bound(programme: Programme, prices: Prices) -> float:
    """The dual at the prices: no plan brings more."""
    limits = np.concatenate([[programme.budget], programme.capacity, programme.channel_capacity])
    each = np.concatenate([[prices.budget], prices.option, prices.channel])
    paid = each > 0
    rest = beyond(programme, prices).max(axis=0, initial=0.0)
    return float(rest.sum() + (each[paid] * limits[paid]).sum())


def _first(programme: Programme, sample: int, seed: int) -> Prices:
    """Prices of the exact linear programme of a sample, its limits in proportion."""
    options, members = programme.value.shape
    channels = len(programme.channel_capacity)
    none = Prices(0.0, np.zeros(options), np.zeros(channels))
    if not members or not _limited(programme):
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


def _sweep(programme: Programme, prices: Prices) -> Prices:
    """Every price once, at its best while the others stay."""
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


def _candidates(programme: Programme, prices: Prices) -> list[np.ndarray]:
    """Choices within the limits; of few members, whom one option more or less matters to, several."""
    found = [_filled(programme, _within(programme, prices), beyond(programme, prices))]
    members = programme.value.shape[1]
    if members <= FEW and _limited(programme):
        by_value, by_price = programme.value, beyond(programme, prices)
        by_cost = programme.value / (programme.cost + 1e-9)
        for rank in (by_value, by_price, by_cost):
            found.append(_filled(programme, np.full(members, NOTHING), rank))
    return found


def _within(programme: Programme, prices: Prices) -> np.ndarray:
    """What is wanted at the prices, less what is over a limit, from where it is missed least."""
    choice = wanted(programme, prices)
    rest = programme.of(beyond(programme, prices), choice)
    limits = [(np.arange(len(programme.capacity)), programme.capacity)]
    limits += [(programme.channel, programme.channel_capacity)]
    for of, places in limits:
        for code in np.flatnonzero(np.isfinite(places)):
            users = np.flatnonzero((choice != NOTHING) & (of[choice] == code))
            over = len(users) - int(places[code])
            if over > 0:
                choice[users[np.argsort(rest[users], kind="stable")[:over]]] = NOTHING
    return _affordable(programme, choice, rest)


def _affordable(programme: Programme, choice: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """``choice`` without the options that bring least for their cost, while the budget is overdrawn."""
    cost = programme.of(programme.cost, choice)
    if cost.sum() <= programme.budget:
        return choice
    users = np.flatnonzero(cost > 0)
    order = users[np.argsort(-rest[users] / cost[users], kind="stable")]
    choice[order[np.cumsum(cost[order]) > programme.budget]] = NOTHING
    return choice


def _filled(programme: Programme, choice: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """What is left of the limits goes to whom it brings more, the highest ``rank`` first."""
    if not programme.value.size:
        return choice
    left = np.flatnonzero(programme.value.max(axis=0) > programme.of(programme.value, choice))
    part, rank, own = programme.take(left), rank[:, left], choice[left]
    free = programme.budget - float(programme.of(programme.cost, choice).sum())
    for _ in range(ROUNDS):
        used = np.bincount(choice[choice != NOTHING], minlength=len(programme.capacity))
        room = programme.capacity - used
        by_channel = np.bincount(programme.channel, used, minlength=len(programme.channel_capacity))
        option, at, extra = _moves(part, own, rank, room, programme.channel_capacity - by_channel, free)
        if not len(at):
            break
        own[at] = option
        choice[left[at]] = option
        free -= extra
    return choice


def _moves(
    part: Programme,
    own: np.ndarray,
    rest: np.ndarray,
    room: np.ndarray,
    channel_room: np.ndarray,
    free: float,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Options, the members that change to them and what this costs more; best at the prices first."""
    now, paid = part.of(part.value, own), part.of(part.cost, own)
    channel = np.where(own == NOTHING, NOTHING, part.channel[own])
    enters = part.channel[:, None] != channel
    fits = (part.value > now + 1e-12) & (room >= 1)[:, None]
    fits &= (channel_room >= 1)[part.channel][:, None] | ~enters
    fits &= part.cost - paid <= free
    at = np.flatnonzero(fits.any(axis=0))
    if not len(at):
        return at, at, 0.0
    score = np.where(fits[:, at], rest[:, at], -np.inf)
    best = score.argmax(axis=0)
    lost = score[best, np.arange(len(at))] - part.of(rest, own)[at]
    order = np.argsort(-lost, kind="stable")
    at, best = at[order], best[order]
    enter = enters[best, at]
    keep = _place(best, np.ones(len(at), bool)) < room[best]
    keep &= (_place(part.channel[best], enter) < channel_room[part.channel[best]]) | ~enter
    extra = (part.cost[best, at] - paid[at]) * keep
    keep &= (np.cumsum(np.maximum(extra, 0)) <= free) | (extra <= 0)
    return best[keep], at[keep], float(extra[keep].sum())


def _place(code: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """How many that count stand before each among those of its code, shape (rows,)."""
    order = np.argsort(code, kind="stable")
    ranked, own = code[order], np.cumsum(counts[order]) - counts[order]
    starts = np.flatnonzero(np.append(True, np.diff(ranked) != 0))
    first = np.repeat(own[starts], np.diff(np.append(starts, len(code))))
    found = np.empty(len(code), dtype=np.int64)
    found[order] = own - first
    return found
