"""Probabilities that can be used as probabilities.

The calibration is linear in the log-odds (Platt 1999). It is chosen over isotonic regression
because then the contributions of a booster, multiplied by the slope, still add up to the
calibrated log-odds exactly, and a moved base rate is one number, the intercept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize
from scipy.special import expit, log_expit

FLAT = 0.1  # the smallest slope
FARTHEST = 30.0  # log-odds beyond which a probability is 0 or 1


@dataclass(frozen=True)
class Calibration:
    """``log-odds = slope * margin + intercept``."""

    slope: float = 1.0
    intercept: float = 0.0

    def log_odds(self, margin: ArrayLike) -> np.ndarray:
        return self.slope * np.asarray(margin, dtype=np.float64) + self.intercept

    def probability(self, margin: ArrayLike) -> np.ndarray:
        return expit(self.log_odds(margin))


def fit_calibration(margin: ArrayLike, label: ArrayLike) -> Calibration:
    """Fit by maximum likelihood, on margins that the model did not see in training.

    Parameters
    ----------
    margin, label
        Log-odds and 0/1, shape (rows,).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> margin = rng.normal(size=100_000)
    >>> label = rng.random(100_000) < expit(0.5 * margin - 1)
    >>> found = fit_calibration(margin, label)
    >>> round(found.slope, 1), round(found.intercept, 1)
    (0.5, -1.0)
    """
    x, y = np.asarray(margin, dtype=np.float64), np.asarray(label, dtype=np.float64)
    if y.min() == y.max():
        raise ValueError(f"calibration: needs both classes, found only {y[0]:.0f} in {len(y)} rows")

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        z = theta[0] * x + theta[1]
        error = expit(z) - y
        value = -np.mean(y * log_expit(z) + (1 - y) * log_expit(-z))
        return value, np.array([np.mean(error * x), np.mean(error)])

    slope, intercept = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    # A slope below zero would turn the ranking round. Then the margin has told nothing on rows that
    # were not learnt: next to the same probability for all, at the right level.
    return Calibration(float(slope), float(intercept)) if slope >= FLAT else fit_offset(x, y, FLAT)


def fit_slope(margin: ArrayLike, label: ArrayLike, block: ArrayLike, count: ArrayLike | None = None) -> float:
    """Return the maximum likelihood slope, at least ``FLAT``; each block has an intercept of its own.

    ``block`` holds integer codes from 0, ``count`` how many each row stands for; everything of shape (rows,).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> margin, block = rng.normal(size=100_000), rng.integers(0, 2, 100_000)
    >>> label = rng.random(100_000) < expit(0.5 * margin - 1 + 2 * block)
    >>> round(fit_slope(margin, label, block), 1)
    0.5
    """
    x, y, of = np.asarray(margin, dtype=np.float64), np.asarray(label, dtype=np.float64), np.asarray(block)
    n = np.ones(len(y)) if count is None else np.asarray(count, dtype=np.float64)
    rows = n.sum()

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        z = theta[0] * x + theta[1:][of]
        error = (expit(z) - y) * n
        value = -np.sum(n * (y * log_expit(z) + (1 - y) * log_expit(-z))) / rows
        return value, np.append(np.sum(error * x) / rows, np.bincount(of, error, len(theta) - 1) / rows)

    start = np.append(1.0, np.zeros(int(of.max()) + 1))
    return max(float(minimize(loss, start, jac=True, method="BFGS").x[0]), FLAT)


def fit_offset(
    log_odds: ArrayLike, label: ArrayLike, slope: float = 1.0, count: ArrayLike | None = None
) -> Calibration:
    """Fit only the intercept: for a base rate that has moved; ``count`` as of ``fit_slope``.

    The one at which as many events are expected as there were; a bracketing solver, since Newton's
    steps leave for infinity where the level is far off.

    Examples
    --------
    >>> round(fit_offset(np.full(1000, -8.0), np.arange(1000) < 500).intercept, 6)
    8.0
    """
    z, y = slope * np.asarray(log_odds, dtype=np.float64), np.asarray(label, dtype=np.float64)
    low, high = -FARTHEST - z.max(), FARTHEST - z.min()
    n = np.ones(len(y)) if count is None else np.asarray(count, dtype=np.float64)
    rows = n.sum()

    def mean(values: np.ndarray) -> float:
        return float(np.sum(n * values) / rows)

    target = np.clip(mean(y), mean(expit(low + z)), mean(expit(high + z)))
    shift = brentq(lambda shift: mean(expit(z + shift)) - target, low, high, xtol=1e-12)
    return Calibration(slope, float(shift))
