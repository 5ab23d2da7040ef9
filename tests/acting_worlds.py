"""Small brands for the laws of plans: members, options, rules and limits drawn from a seed."""

from pathlib import Path

import numpy as np
import polars as pl

from models.acting.draft import Draft
from models.acting.inputs import Effects, Inputs, Members
from models.acting.options import read
from models.acting.plan import make
from models.acting.programme import Programme
from models.acting.terms import Audience, Chance, Limits, Offers

OPTIONS = Path(__file__).parents[1] / "experiments" / "options.yaml"


def programme(seed: int, members: int, options: int = 4, channels: int = 2) -> Programme:
    """Values of both signs, some options not allowed, every kind of limit present or not."""
    rng = np.random.default_rng(seed)
    value = rng.normal(0.5, 1.5, (options, members))
    value[rng.random(value.shape) < 0.2] = -np.inf
    cost = rng.choice([0.0, 0.1, 1.0, 3.0], (options, members))
    budget = float(rng.choice([np.inf, 0.3 * members, 1.0]))
    capacity, by_channel = (
        np.where(rng.random(n) < 0.5, np.inf, rng.integers(0, members // 2 + 2, n))
        for n in (options, channels)
    )
    return Programme(value, cost, np.arange(options) % channels, budget, capacity, by_channel)


def brand(seed: int, members: int = 300, budget: float = 40.0, held: float = 0.1, explore: float = 0.0):
    """Offers, audience, limits and chance of a brand with four options over three channels, one for care."""
    rng = np.random.default_rng(seed)
    offers = Offers(
        rng.gamma(0.7, 1.5, (members, 5)) - 0.2,
        np.array([0.05, 0.1, 0.1, 3.0, 3.0]),
        rng.random((members, 5)) < 0.7,
        np.array([0, 1, 1, 2, 2]),
        np.array([False, False, False, False, True]),
    )
    audience = Audience(
        [f"m{seed}-{number}" for number in range(members)],
        rng.integers(0, 3, members),
        rng.integers(0, 4, members),
        rng.random(members) < 0.1,
        rng.random(members) < 0.05,
    )
    capacity = np.array([np.inf, members // 5, np.inf, np.inf, np.inf])
    limits = Limits(budget, capacity, np.array([np.inf, members // 3, 9.0]), 3)
    return offers, audience, limits, Chance("salt", f"c{seed}", held, explore)


def draft(
    seed: int, members: int = 600, budget: float = 20.0, campaigns: int = 8, held: float = 0.1
) -> Draft:
    """A whole draft of the project's own options; effects, consents and levels of campaigns are drawn."""
    rng, options = np.random.default_rng(seed), read(OPTIONS)
    shape, channels = (members, len(options.options)), len(options.channels)
    probability = np.where(options.care, 0.0, rng.beta(1, 12, shape))
    ids = pl.Series("subject_id", [f"m{seed}-{number:05d}" for number in range(members)])
    audience = Audience(
        ids.to_list(), np.zeros(members, dtype=np.int64), rng.integers(0, 3, members),
        rng.random(members) < 0.05, rng.random(members) < 0.02,
    )  # fmt: skip
    reached = rng.random((members, channels)) < 0.8
    loss, got, risk = rng.random(members), rng.integers(0, 9, members), np.full(channels, 0.002)
    people = Members(ids, audience, reached, reached, loss, got, risk, np.linspace(0.5, 3, 7))
    effects = Effects(probability, probability, "answers", rng.normal(1, 0.1, campaigns), pl.DataFrame())
    allowed = options.allowed(reached, reached)
    offers = Offers(60 * probability, options.cost, allowed, options.channel, options.care)
    limits = Limits(budget, options.capacity, options.channel_capacity, options.per_fortnight)
    chance = Chance("salt", f"d{seed}", held)
    inputs = Inputs(options, people, effects, 60.0, {})
    return Draft(inputs, offers, limits, chance, make(offers, audience, limits, chance))
