"""95 % intervals by the percentile bootstrap (Efron 1979), drawing subjects and not rows.

The rows of one member are not independent (Davison and Hinkley 1997, ch. 3.8). A resample is a weight a row,
so that what was sorted once serves all resamples.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from training.results.estimate import Band, Estimate, FiniteEstimate

LEVEL = (0.025, 0.975)  # quantiles of the middle 95 %
Weights = np.ndarray


def bootstrap(
    statistic: Callable[[Weights], float], subject: np.ndarray, draws: int, seed: int
) -> FiniteEstimate:
    """Return a statistic of weighted rows with its 95 % interval.

    Parameters
    ----------
    statistic
        From weights, shape (rows,), to a number.
    subject
        One integer code a row, from 0, shape (rows,).

    Examples
    --------
    >>> money = np.arange(100.0)
    >>> found = bootstrap(lambda w: float(np.average(money, weights=w)), np.arange(100), 200, seed=7)
    >>> found["value"], found["low"] < 49.5 < found["high"]
    (49.5, True)
    """
    low, high = interval(resampled(statistic, subject, draws, seed))
    return {"value": float(statistic(np.ones(len(subject)))), "low": low, "high": high}


def resampled(statistic: Callable[[Weights], Any], subject: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return a statistic of each resample, shape (draws, ...); figures drawn together are paired."""
    return np.array([statistic(weight) for weight in resamples(subject, draws, seed)])


def resampled_each(
    statistic: Callable[[Weights], Mapping[str, Any]], subject: np.ndarray, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """Return several statistics by name, each of shape (draws, ...), on the same resamples."""
    drawn = [statistic(weight) for weight in resamples(subject, draws, seed)]
    return {name: np.array([one[name] for one in drawn]) for name in (drawn[0] if drawn else {})}


def resamples(subject: np.ndarray, draws: int, seed: int) -> Iterator[Weights]:
    """Yield weights of bootstrap resamples by subject, shape (rows,) each; arguments as of ``bootstrap``."""
    rng, n = np.random.default_rng(seed), int(subject.max()) + 1
    for _ in range(draws):
        yield np.bincount(rng.integers(0, n, n), minlength=n)[subject].astype(np.float64)


def estimate(value: float, drawn: np.ndarray) -> Estimate:
    """Return a figure with the interval of its draws, shape (draws,); None where it is not finite."""
    low, high = interval(drawn)
    return {"value": float(value) if np.isfinite(value) else None, "low": low, "high": high}


def interval(drawn: np.ndarray) -> tuple[float | None, float | None]:
    """Return the middle 95 % of finite draws, shape (draws,)."""
    kept = drawn[np.isfinite(drawn)]
    if len(kept) == 0:
        return None, None
    low, high = np.quantile(kept, LEVEL)
    return float(low), float(high)


def band(drawn: np.ndarray) -> Band:
    """Return the ends of the intervals along a curve; draws are of shape (draws, points)."""
    bounds = [interval(drawn[:, at]) for at in range(drawn.shape[1])]
    return {"low": [low for low, _ in bounds], "high": [high for _, high in bounds]}
