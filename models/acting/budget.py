"""What each further sum of money would bring: the path along the members' upper convex hulls.

Of a member's options only those on the upper convex hull of value over cost are ever best at a price of
money; the steps from one to the next, the steepest first, are the best plan at every budget between
steps (Sverdrup et al. 2024). Capacities are not in it: where one binds, the path is what they leave out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

LEVEL = 1.959964  # 95 %


@dataclass(frozen=True)
class Path:
    """Steps from nothing to everything that is worth its cost, shape (steps,) each, the steepest first.

    Parameters
    ----------
    member, before, after
        Whose step it is, from which option (-1: nothing) to which.
    spend, value
        Money spent and brought beyond it, each up to and with the step.
    """

    member: np.ndarray
    before: np.ndarray
    after: np.ndarray
    spend: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class BudgetCurve:
    """Spend and expected added gain with its 95 % interval, the cost not taken off, shape (points,) each."""

    spend: np.ndarray
    gain: np.ndarray
    low: np.ndarray
    high: np.ndarray


def path(gain: np.ndarray, cost: np.ndarray, allowed: np.ndarray) -> Path:
    """Return the steps of all members.

    Parameters
    ----------
    gain, cost, allowed
        Shape (members, options); ``cost`` may have shape (options,).
    """
    cost = np.broadcast_to(cost, gain.shape)
    value = np.where(allowed, gain - cost, -np.inf)
    good = np.flatnonzero(value.max(axis=1, initial=-np.inf) > 0)
    option, money, worth, top = _hulls(value[good], cost[good])
    at, step = np.nonzero(np.arange(1, option.shape[1])[None, :] <= top[:, None])
    added = worth[at, step + 1] - worth[at, step]
    spent = money[at, step + 1] - money[at, step]
    slope = np.divide(added, spent, out=np.full(len(added), np.inf), where=spent > 0)
    order = np.lexsort((step, good[at], -slope))
    at, step = at[order], step[order]
    return Path(
        good[at], option[at, step], option[at, step + 1], np.cumsum(spent[order]), np.cumsum(added[order])
    )


def chosen_at(steps: Path, spend: float, members: int) -> np.ndarray:
    """Return each member's option once ``spend`` is used up, -1 for nothing, shape (members,)."""
    taken = np.searchsorted(steps.spend, spend * (1 + 1e-12), side="right")
    choice = np.full(members, -1)
    choice[steps.member[:taken]] = steps.after[:taken]  # of a member's steps the last one holds
    return choice


def _hulls(value: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Corners of each member's hull, shape (members, options + 1): option, cost, value; and the last's place.

    Andrew's scan of all members at once: each option in order of cost takes away the corners that it
    makes lie below, and stays if it is worth more than all cheaper ones.
    """
    members, options = value.shape
    order = np.lexsort((-value, cost), axis=1)
    option = np.full((members, options + 1), -1)
    money, worth = np.zeros((members, options + 1)), np.zeros((members, options + 1))
    top, each = np.zeros(members, dtype=np.int64), np.arange(members)
    for place in range(options):
        own = order[:, place]
        v, c = value[each, own], cost[each, own]
        at = np.flatnonzero(v > worth[each, top])
        left = at
        while len(left):
            left = left[top[left] > 0]
            t = top[left]
            rise, run = worth[left, t] - worth[left, t - 1], money[left, t] - money[left, t - 1]
            below = (v[left] - worth[left, t - 1]) * run >= rise * (c[left] - money[left, t - 1])
            left = left[below]
            top[left] -= 1
        top[at] += 1
        option[at, top[at]], money[at, top[at]], worth[at, top[at]] = own[at], c[at], v[at]
    return option, money, worth, top


def budget_curve(
    gain: np.ndarray,
    cost: np.ndarray,
    allowed: np.ndarray,
    error: np.ndarray | None = None,
    draws: Iterable[np.ndarray] | None = None,
    points: int = 101,
) -> BudgetCurve:
    """Return what each of ``points`` sums would bring, from nothing to all that is worth its cost.

    The interval is that of a plan chosen by ``gain``, of which the best-looking are a little worse than
    they look: judge what was promised by the readout.

    Parameters
    ----------
    gain, cost, allowed
        Shape (members, options); ``cost`` may have shape (options,).
    error
        Standard errors of ``gain``, taken to be independent between members, shape of ``gain``.
    draws
        Whole tables of gain, from models fitted on resamples; their 2.5 and 97.5 % quantiles are told.
        Errors that members share are in these alone.

    Raises
    ------
    ValueError
        Neither errors nor draws, or both.
    """
    if (error is None) == (draws is None):
        raise ValueError("a budget curve needs either standard errors or draws of the gain, for its interval")
    steps = path(gain, cost, allowed)
    full = float(steps.spend[-1]) if len(steps.spend) else 0.0
    spend = np.linspace(0, full, points)
    middle = _along(steps, gain, spend)
    if error is not None:
        # A member's variance follows the option held, so that steps add their difference.
        wide = LEVEL * np.sqrt(np.maximum(_along(steps, error**2, spend), 0))
        return BudgetCurve(spend, middle, middle - wide, middle + wide)
    low, high = np.quantile([_along(steps, table, spend) for table in draws or ()], [0.025, 0.975], axis=0)
    return BudgetCurve(spend, middle, low, high)


def _along(steps: Path, table: np.ndarray, spend: np.ndarray) -> np.ndarray:
    """Sum of ``table`` over what members hold at each spend, between steps in proportion."""
    held = table[steps.member, steps.after]
    before = np.where(steps.before < 0, 0.0, table[steps.member, np.maximum(steps.before, 0)])
    total = np.concatenate([[0.0], np.cumsum(held - before)])
    paid = np.concatenate([[0.0], steps.spend])
    # Options that cost nothing are taken before the first money is spent.
    keep = np.append(np.diff(paid) > 0, True)
    return np.interp(spend, paid[keep], total[keep])
