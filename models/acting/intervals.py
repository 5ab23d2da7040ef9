"""Intervals of what is expected: by how far past campaigns were off their prediction."""

from typing import NotRequired, TypedDict

import numpy as np

DRAWS, FEWEST_LEVELS = 200, 5
ENDS = (0.025, 0.975)


class Expected(TypedDict):
    """An expected total; without an interval where too few past campaigns say how far off it may be."""

    value: float
    low: NotRequired[float]
    high: NotRequired[float]


def drawn(levels: np.ndarray, options: int, seed: int = 0) -> np.ndarray:
    """Return draws of one past campaign's level for each option, shape (draws, options)."""
    return np.random.default_rng(seed).choice(levels, (DRAWS, options))


def answers(by_option: np.ndarray, levels: np.ndarray) -> Expected:
    """Return the sum and its 95 % interval, without one of fewer than ``FEWEST_LEVELS`` campaigns.

    Parameters
    ----------
    by_option
        Answers expected of each option, shape (options,).
    levels
        Observed over expected answers of past campaigns, shape (campaigns,).
    """
    return money(float(by_option.sum()), by_option, levels, 1.0)


def money(value: float, by_option: np.ndarray, levels: np.ndarray, worth: float) -> Expected:
    """Return ``value`` and its interval, of which ``by_option`` answers of that worth are unsure."""
    if len(levels) < FEWEST_LEVELS:
        return {"value": value}
    off = worth * (drawn(levels, len(by_option)) @ by_option - by_option.sum())
    low, high = np.quantile(off, ENDS)
    return {"value": value, "low": value + float(low), "high": value + float(high)}
