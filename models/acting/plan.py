"""Who gets what, who is held out, who is left in peace and why.

What an option brings is its effect times what an answer is worth, less what it risks and costs. Care of
open complaints comes first; then a part of the members may explore, with known probabilities; the rest
is the knapsack of what is left. Every rule holds in every plan; nothing is sent from here.
"""

from dataclasses import dataclass

import numpy as np

from models.acting import holdout
from models.acting.knapsack import Solution, solve
from models.acting.programme import NOTHING, ROOM, Programme, beyond, wanted
from models.acting.terms import Audience, Chance, Limits, Offers, PlanError, open_to

SENT = "sent"
REASONS = (
    *(SENT, "complaint", "no_consent", "quiet", "capped", "held_out", "exploring"),
    *("not_worth_its_cost", "budget", "capacity"),
)
CODE = {reason: code for code, reason in enumerate(REASONS)}


@dataclass(frozen=True)
class Plan:
    """The list, shape (members,) each, and what it is worth.

    Parameters
    ----------
    choice
        Option of each member, -1 for nothing.
    planned
        What each would have got without holdout and exploring, at the same prices: whom to compare.
    reason
        Codes, places in ``REASONS``.
    held_out, explores
        Whether withheld at random, and whether the option was drawn at random.
    probability
        With which probability the member's draws led to ``choice``.
    gain, cost
        Money expected and spent, 0 for nothing.
    solution
        Of the members who neither explore nor are held out; knows prices, bound and gap.
    """

    choice: np.ndarray
    planned: np.ndarray
    reason: np.ndarray
    held_out: np.ndarray
    explores: np.ndarray
    probability: np.ndarray
    gain: np.ndarray
    cost: np.ndarray
    solution: Solution

    def counts(self) -> dict[str, int]:
        """Return how many members have each reason."""
        found = np.bincount(self.reason, minlength=len(REASONS))
        return dict(zip(REASONS, found.tolist(), strict=True))


def gain(
    effect: np.ndarray, worth: np.ndarray, opt_out: np.ndarray | float = 0.0, loss: np.ndarray | float = 0.0
) -> np.ndarray:
    """Return the money that options add: answers added times their worth, less what an opt-out loses.

    Parameters
    ----------
    effect
        Share of answers added, shape (members, options).
    worth
        Money an answer, shape (members,) or (members, options).
    opt_out
        Probability that the contact ends in an opt-out, shape (members, options) or one for all.
    loss
        Money lost with an opt-out in the long run, shape (members,) or one for all.

    Examples
    --------
    >>> gain(np.array([[0.02]]), np.array([100.0]), 0.001, 500.0).tolist()
    [[1.5]]
    """
    each, lost = (part[:, None] if np.ndim(part) == 1 else part for part in (worth, np.asarray(loss)))
    return effect * each - opt_out * lost


def make(offers: Offers, audience: Audience, limits: Limits, chance: Chance) -> Plan:
    """Make the plan; the same input gives the same plan.

    Raises
    ------
    PlanError
        Shapes, limits or shares out of range; a budget below the cheapest option that is worth it.
    """
    free = open_to(offers, audience, limits)
    programme = _programme(offers, free, limits)
    _buys_something(programme)
    share = np.where(audience.complaint, 0.0, holdout.shares(len(free), chance.hold_out, audience.stratum))
    held = (holdout.position(audience.ids, chance.salt) < share) & free.any(axis=1)
    place = holdout.position(audience.ids, f"{chance.salt}:{chance.campaign}:explore")
    explores = (place < chance.explore) & ~held & ~audience.complaint & free.any(axis=1)
    choice = np.full(len(free), NOTHING)

    cared = np.flatnonzero(audience.complaint & free.any(axis=1))
    choice[cared] = _care(programme, cared)
    drawn, odds = _explore(_less(programme, choice), np.flatnonzero(explores), audience, chance)
    choice[explores] = drawn
    rest = np.flatnonzero(~held & ~explores & ~audience.complaint)
    solution = solve(_less(programme, choice).take(rest))
    choice[rest] = solution.choice

    planned = wanted(programme, solution.prices)
    planned[rest], planned[cared] = solution.choice, choice[cared]
    reason = _reasons(programme, offers, audience, limits, solution, choice)
    undecided = (choice == NOTHING) & (reason >= CODE["not_worth_its_cost"])
    reason[undecided & explores], reason[held] = CODE["exploring"], CODE["held_out"]
    probability = _probability(choice, planned, share, odds, chance, audience, free)
    chosen = np.maximum(choice, 0)
    brought = np.where(choice == NOTHING, 0.0, offers.gain[np.arange(len(choice)), chosen])
    cost = programme.of(programme.cost, choice)
    return Plan(choice, planned, reason, held, explores, probability, brought, cost, solution)


def _programme(offers: Offers, free: np.ndarray, limits: Limits) -> Programme:
    """Options by members, as the knapsack takes them."""
    cost = np.broadcast_to(offers.cost, offers.gain.shape)
    value = np.full(offers.gain.shape[::-1], -np.inf)
    np.copyto(value, (offers.gain - cost).T, where=free.T)
    table = np.broadcast_to(offers.cost[:, None], value.shape) if offers.cost.ndim == 1 else cost.T.copy()
    return Programme(
        value,
        table,
        offers.channel,
        limits.budget,
        np.floor(limits.capacity),
        np.floor(limits.channel_capacity),
    )


def _buys_something(programme: Programme) -> None:
    good = programme.value > 0
    if good.any() and programme.cost[good].min() > programme.budget:
        least = float(programme.cost[good].min())
        raise PlanError.worded("buys_nothing", budget=f"{programme.budget:g}", least=f"{least:g}")


def _less(programme: Programme, choice: np.ndarray) -> Programme:
    """The programme with what ``choice`` uses taken off its limits."""
    used = np.bincount(choice[choice != NOTHING], minlength=len(programme.capacity))
    by_channel = np.bincount(programme.channel, used, minlength=len(programme.channel_capacity))
    spent = float(programme.of(programme.cost, choice).sum())
    left = max(0.0, programme.budget - spent * (1 + ROOM))
    return Programme(
        programme.value, programme.cost, programme.channel, left,
        programme.capacity - used, programme.channel_capacity - by_channel,
    )  # fmt: skip


def _care(programme: Programme, members: np.ndarray) -> np.ndarray:
    """Care for as many as the limits allow: it is owed, and weighed only among members."""
    part = programme.take(members)
    if not len(members):
        return np.zeros(0, dtype=np.int64)
    known = np.isfinite(part.value)
    owed = np.where(known, part.value - part.value[known].min() + 1, -np.inf)
    return solve(
        Programme(owed, part.cost, part.channel, part.budget, part.capacity, part.channel_capacity)
    ).choice


def _explore(
    programme: Programme, members: np.ndarray, audience: Audience, chance: Chance
) -> tuple[np.ndarray, np.ndarray]:
    """An option or nothing, each alike, and with which probability each option stays, shape (options,).

    What exceeds the exploring share of a limit is dropped at random; what is logged counts both draws.
    """
    names = [audience.ids[at] for at in members]
    luck = holdout.position(names, f"{chance.salt}:{chance.campaign}:option")
    order = np.argsort(holdout.position(names, f"{chance.salt}:{chance.campaign}:order"), kind="stable")
    free = np.isfinite(programme.value[:, members])
    nth = np.floor(luck * (free.sum(axis=0) + 1)).astype(np.int64)  # the last is nothing
    is_nth = free & (np.cumsum(free, axis=0) == nth + 1)
    drawn = np.where(is_nth.any(axis=0), is_nth.argmax(axis=0), NOTHING)
    cost, first = programme.cost[:, members], drawn.copy()
    groups = [(np.arange(len(programme.capacity)), programme.capacity)]
    groups += [(programme.channel, programme.channel_capacity)]
    for of, places in groups:
        for code in np.flatnonzero(np.isfinite(places)):
            users = order[(drawn[order] != NOTHING) & (of[drawn[order]] == code)]
            drawn[users[int(chance.explore * places[code]) :]] = NOTHING
    paid = np.where(drawn == NOTHING, 0.0, cost[np.maximum(drawn, 0), np.arange(len(members))])
    drawn[order[np.cumsum(paid[order]) > chance.explore * programme.budget]] = NOTHING
    count, kept = (
        np.bincount(part[part != NOTHING], minlength=len(programme.capacity)) for part in (first, drawn)
    )
    return drawn, np.divide(kept, count, out=np.ones(len(count)), where=count > 0)


def _probability(
    choice: np.ndarray, planned: np.ndarray, share: np.ndarray, odds: np.ndarray,
    chance: Chance, audience: Audience, free: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Of ``choice``: by holdout, by exploring, or by the plan."""
    each = free.sum(axis=1) + 1
    stays = odds[np.maximum(choice, 0)] / each
    nothing = 1 - (free @ odds) / each
    explored = np.where(choice == NOTHING, nothing, stays)
    may = np.where(audience.complaint | ~free.any(axis=1), 0.0, chance.explore)
    withheld = np.where(free.any(axis=1), share, 0.0)
    found = withheld * (choice == NOTHING) + (1 - withheld) * (
        may * explored + (1 - may) * (choice == planned)
    )
    return np.clip(found, 0, 1)


def _reasons(
    programme: Programme, offers: Offers, audience: Audience, limits: Limits, solution: Solution,
    choice: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Why each member gets what they get; the first that holds."""
    bare = programme.value.max(axis=0, initial=-np.inf)
    free = beyond(programme, type(solution.prices)(0.0, solution.prices.option, solution.prices.channel))
    left = programme.budget - programme.of(programme.cost, choice).sum()
    dear = (np.where(programme.value > 0, programme.cost, np.inf) > left).all(axis=0)
    short = (free.max(axis=0, initial=-np.inf) > 0) & ((solution.prices.budget > 0) | dear)
    return np.select(
        [
            choice != NOTHING,
            audience.complaint,
            ~(offers.allowed & ~offers.care).any(axis=1),
            audience.quiet,
            audience.contacts >= limits.per_fortnight,
            bare <= 0,
            short,
        ],
        [
            CODE[name]
            for name in (SENT, "complaint", "no_consent", "quiet", "capped", "not_worth_its_cost", "budget")
        ],
        CODE["capacity"],
    ).astype(np.int8)
