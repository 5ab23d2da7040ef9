"""Probabilities that can be used as probabilities.

The calibration is linear in the log-odds (Platt 1999). It is chosen over isotonic regression
because then the contributions of a booster, multiplied by the slope, still add up to the
calibrated log-odds exactly, and a moved base rate is one number, the intercept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import expit, log_expit


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
    """Maximum likelihood, on margins that the model did not see in training.

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
    # A slope below zero would turn the ranking round: then the margin says nothing.
    return Calibration(float(slope), float(intercept)) if slope > 0 else fit_offset(0 * x, y)


def fit_offset(log_odds: ArrayLike, label: ArrayLike, slope: float = 1.0) -> Calibration:
    """Only the intercept: for a base rate that has moved."""
    z, y = slope * np.asarray(log_odds, dtype=np.float64), np.asarray(label, dtype=np.float64)
    shift = 0.0
    for _ in range(50):  # Newton; concave, so it converges from anywhere
        p = expit(z + shift)
        shift += np.sum(y - p) / max(np.sum(p * (1 - p)), 1e-12)
    return Calibration(slope, float(shift))
