"""Choices within the limits, from what is wanted at the prices, and what is left of them dealt out."""

import numpy as np

from models.acting.programme import NOTHING, Prices, Programme, beyond, is_limited, wanted

FEW = 2_000
ROUNDS = 30


def candidates(programme: Programme, prices: Prices) -> list[np.ndarray]:
    """Return choices within the limits; of few members, whom one option more or less matters to, several."""
    found = [_filled(programme, _within(programme, prices), beyond(programme, prices))]
    members = programme.value.shape[1]
    if members <= FEW and is_limited(programme):
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
