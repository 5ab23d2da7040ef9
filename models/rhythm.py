"""When a member's rhythm of visits and purchases has fallen, and how often an unchanged one would look so.

Days with a sign of life are counts of a Poisson process: ``before`` of them in ``span`` days, ``after`` of
them in a window of ``window`` days.
"""

import math

import numpy as np
import polars as pl


def has_fallen(
    before: pl.Expr, span: pl.Expr, after: pl.Expr, window: int, fall: float, odds: float
) -> pl.Expr:
    """Tell whether ``after`` is at most ``fall`` of what is usual, and no unchanged rhythm explains it.

    Parameters
    ----------
    odds
        How many times likelier the days seen must be with two rates than with one; 1 asks for nothing.
    """
    low = after <= fall * before / span * window
    if odds <= 1:
        return low
    return low & (_fall_ratio(before, span, after, pl.lit(window)) >= math.log(odds))


def chance(before: np.ndarray, span: np.ndarray, window: int, fall: float, odds: float) -> np.ndarray:
    """Return the probability that ``has_fallen`` holds of a rhythm that does not change, by row.

    Given the past, the days of a window are negative binomial: Poisson with the rate's posterior under
    Jeffreys' prior (Gelman et al., Bayesian Data Analysis, 2.6).
    """
    rows = pl.DataFrame({"before": before, "span": span})
    stays = span / (span + window)
    shape = before + 0.5
    probability = stays**shape
    total = np.zeros(len(rows))
    for count in range(math.floor(fall * window * (before / span).max(initial=0.0)) + 1):
        fallen = has_fallen(pl.col("before"), pl.col("span"), pl.lit(count), window, fall, odds)
        total += np.where(rows.select(fallen).to_series().to_numpy(), probability, 0.0)
        probability = probability * (shape + count) / (count + 1) * (1 - stays)
    return total


def _fall_ratio(before: pl.Expr, span: pl.Expr, after: pl.Expr, window: pl.Expr) -> pl.Expr:
    """Log-likelihood of two Poisson rates, ``before`` in ``span`` and ``after`` in ``window``, over one."""

    def likelihood(count: pl.Expr, length: pl.Expr) -> pl.Expr:
        return pl.when(count > 0).then(count * (count / length).log()).otherwise(0.0)

    return likelihood(before, span) + likelihood(after, window) - likelihood(before + after, span + window)
