"""Where the next money is best spent, and where retention fails: region by tier of city."""

from dataclasses import replace

import numpy as np
import polars as pl
from scipy.stats import norm

from models.acting import plan
from models.acting.draft import Draft
from models.acting.intervals import money
from models.acting.knapsack import solve
from models.acting.programme import NOTHING, Programme
from training.acting.groups import UNKNOWN
from training.acting.layers import LAYERS, SMALL, parts
from training.results.campaign import Moved, MovedByName, NextMoney, RegionCell

STEP = 1000.0  # units of the currency
CUSTOMERS, SILENT = ("new", "mature", "silent", "lost"), ("silent", "lost")
LEVEL = 0.05  # of all cells together, for calling one worse than the others


def following(draft: Draft, layers: pl.DataFrame) -> NextMoney:
    """Return what ``STEP`` more would bring, every rule kept, and where it would go.

    The plan is made again with the larger budget; told are the differences, of members who neither
    explore nor are held out. ``spend`` is less than the step where no more is worth its cost; ``cared``
    are the open complaints that a tight budget left without an answer, which come first and bring none.
    """
    limits = replace(draft.limits, budget=draft.limits.budget + STEP)
    more = plan.make(draft.offers, draft.inputs.people.audience, limits, draft.chance)
    own, complaint = ~(draft.plan.held_out | draft.plan.explores), draft.inputs.people.audience.complaint
    every = {kind: _by(draft, more.choice, own, parts(kind, layers[kind])) for kind in LAYERS}
    every |= {kind: _by_means(draft, more.choice, own, kind) for kind in ("channel", "content")}
    return {
        "step": STEP,
        "cared": _difference(draft, more.choice, complaint)["members"],
        **_difference(draft, more.choice, own),
        "by": {kind: rows for kind, rows in every.items() if len(rows) > 1},
    }


def _by(
    draft: Draft, choice: np.ndarray, own: np.ndarray, of: list[tuple[str, np.ndarray]]
) -> list[MovedByName]:
    """The same by layer, where it brings most first."""
    found: list[MovedByName] = [
        {"name": name, **_difference(draft, choice, own & part)} for name, part in of if part.sum() >= SMALL
    ]
    return sorted(found, key=lambda row: -row["brings"]["value"])


def _by_means(draft: Draft, choice: np.ndarray, own: np.ndarray, kind: str) -> list[MovedByName]:
    """The same by what is sent: less of one, where members change to another."""
    of = np.array([getattr(option, kind) for option in draft.inputs.options.options])
    found: list[MovedByName] = []
    for name in dict.fromkeys(of.tolist()):
        places = np.flatnonzero(of == name)
        before, after = (
            np.where(own & np.isin(part, places), part, NOTHING) for part in (draft.plan.choice, choice)
        )
        found.append({"name": name, **_between(draft, before, after)})
    return sorted(found, key=lambda row: -row["brings"]["value"])


def _difference(draft: Draft, choice: np.ndarray, own: np.ndarray) -> Moved:
    before, after = (np.where(own, part, NOTHING) for part in (draft.plan.choice, choice))
    return _between(draft, before, after)


def _between(draft: Draft, before: np.ndarray, after: np.ndarray) -> Moved:
    """Members, money and what it brings beyond its cost, from one choice to another."""
    (gain, spent, answered), (gain_before, spent_before, answered_before) = (
        _totals(draft, choice) for choice in (after, before)
    )
    brings = gain - gain_before - (spent - spent_before)
    return {
        "members": int((after != NOTHING).sum() - (before != NOTHING).sum()),
        "spend": spent - spent_before,
        "brings": money(brings, answered - answered_before, draft.inputs.effects.levels, draft.inputs.worth),
    }


def _totals(draft: Draft, choice: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Gain, cost, and answers by option."""
    at = np.flatnonzero(choice != NOTHING)
    option, count = choice[at], len(draft.inputs.options.options)
    return (
        float(draft.offers.gain[at, option].sum()),
        float(draft.inputs.options.cost[option].sum()),
        np.bincount(option, draft.inputs.effects.effect[at, option], minlength=count),
    )


def diagnosis(draft: Draft, layers: pl.DataFrame) -> list[RegionCell]:
    """Return how many customers of each region and tier of city are silent or lost, the most first.

    ``worse`` says whether the share surely lies above that of all others together, at ``LEVEL`` over all
    cells (Bonferroni); ``there`` what ``STEP`` would bring if it were spent on the cell's members alone.
    Empty where the source names no regions.
    """
    named = layers.filter(pl.col("region") != UNKNOWN)
    if named.is_empty():
        return []
    cell = layers.select(pl.concat_str("region", "city_tier", separator="|")).to_series()
    stage = layers["stage"].to_numpy().astype(str)
    customer, silent = np.isin(stage, CUSTOMERS), np.isin(stage, SILENT)
    cells = [part for part in parts("cell", cell) if (part[1] & customer).sum() >= SMALL]
    limit = float(norm.isf(LEVEL / max(len(cells), 1)))
    found: list[RegionCell] = []
    for name, own in cells:
        region, tier = name.split("|")
        inside, others = own & customer, ~own & customer
        found.append(
            {
                "region": region, "city_tier": tier, "customers": int(inside.sum()),
                "silent": float(silent[inside].mean()), "others": _mean(silent[others]),
                "worse": _above(silent[inside], silent[others]) > limit,
                "there": _spent_on(draft, own),
            }
        )  # fmt: skip
    return sorted(found, key=lambda row: (-row["silent"], row["region"], row["city_tier"]))


def _mean(of: np.ndarray) -> float | None:
    return float(of.mean()) if len(of) else None


def _above(one: np.ndarray, other: np.ndarray) -> float:
    """By how many standard errors one share lies above another; 0 where there is no other."""
    if not len(other):
        return 0.0
    pooled = (one.sum() + other.sum()) / (len(one) + len(other))
    error = float(np.sqrt(pooled * (1 - pooled) * (1 / len(one) + 1 / len(other))))
    return float(one.mean() - other.mean()) / error if error > 0 else 0.0


def _spent_on(draft: Draft, own: np.ndarray) -> Moved:
    """What ``STEP`` more brings on some members, the others' places kept."""
    made, options = draft.plan, draft.inputs.options
    free = own & ~(made.held_out | made.explores | draft.inputs.people.audience.complaint)
    at, taken = np.flatnonzero(free), made.choice[~free & (made.choice != NOTHING)]
    used = np.bincount(taken, minlength=len(options.options))
    by_channel = np.bincount(options.channel, used, minlength=len(options.channels))
    value = np.where(draft.free[at], draft.offers.gain[at] - options.cost, -np.inf).T
    spent = float(made.cost[at].sum())
    solution = solve(
        Programme(
            value, np.broadcast_to(options.cost[:, None], value.shape), options.channel, spent + STEP,
            np.floor(options.capacity - used), np.floor(options.channel_capacity - by_channel),
        )
    )  # fmt: skip
    choice = made.choice.copy()
    choice[at] = solution.choice
    return _difference(draft, choice, free)
