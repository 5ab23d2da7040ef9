"""How well expected money is told: its level, its order, and tenth by tenth, with 95 % intervals."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.evaluation.bootstrap import estimate, resampled_each
from training.results.estimate import Estimate
from training.results.valued import Captures, MoneyJudged, Tenth

SHARES = np.array([0.1, 0.2])  # of the rows, for ``Captures``
TENTHS = 10
RATIO, GAIN, PARTS = "(ratio)", "(gain)", "(tenths)"  # beside the names of the orders


@dataclass(frozen=True)
class Orders:
    """Rows by the money that came and by each order that is judged.

    Parameters
    ----------
    money, expected
        What came and what was expected, shape (rows,).
    ranked
        By name of an order the places of its rows, the highest first.
    part
        The tenth of each row by the first order, shape (rows,).
    """

    money: np.ndarray
    expected: np.ndarray
    ranked: Mapping[str, np.ndarray]
    part: np.ndarray

    @classmethod
    def of(cls, money: np.ndarray, orders: Mapping[str, np.ndarray]) -> "Orders":
        """Rank by each score; the first is the expected money itself."""
        ranked = {name: np.argsort(-score, kind="stable") for name, score in orders.items()}
        first, expected = next(iter(orders.items()))
        part = np.empty(len(money), dtype=np.int64)
        part[ranked[first]] = np.arange(len(money)) * TENTHS // len(money)
        return cls(money, expected, ranked, part)

    def measured(self, weight: np.ndarray) -> dict[str, np.ndarray]:
        """Return every figure of the rows so weighted, shape (rows,)."""
        total = weight @ self.money
        caught = {name: _caught(self.money[order], weight[order]) for name, order in self.ranked.items()}
        each = list(caught.values())
        return caught | {
            RATIO: np.array([weight @ self.expected / total if total > 0 else np.nan]),
            GAIN: each[0] - each[-1],
            PARTS: _means(self.money, self.part, weight),
        }


def evaluate(
    money: np.ndarray, orders: Mapping[str, np.ndarray], subject: np.ndarray, draws: int, seed: int
) -> MoneyJudged:
    """Return the expected money of ``orders["model"]``, and every order by the money that its highest catch.

    Parameters
    ----------
    money
        What came, in units, shape (rows,).
    orders
        Scores by name, shape (rows,) each; the first is the expected money itself.
    subject
        Integer codes; resamples draw subjects.

    Returns
    -------
    ``n``, ``payers``, ``mean`` (observed, a row), ``ratio`` (expected over observed), ``orders``
    (``capture_10``, ``capture_20`` each), ``difference`` (the first order minus the last, paired)
    and ``tenths`` by expected money, the highest first.
    """
    judged = Orders.of(money, orders)
    point, drawn = judged.measured(np.ones(len(money))), resampled_each(judged.measured, subject, draws, seed)
    found = {
        key: [estimate(value, drawn[key][:, at]) for at, value in enumerate(values)]
        for key, values in point.items()
    }
    return {
        "n": len(money),
        "payers": int((money > 0).sum()),
        "mean": float(money.mean()),
        "ratio": found[RATIO][0],
        "orders": {name: _captures(found[name]) for name in orders},
        "difference": _captures(found[GAIN]),
        "tenths": _tenths(judged.part, judged.expected, found[PARTS]),
    }


def _tenths(part: np.ndarray, expected: np.ndarray, observed: list[Estimate]) -> list[Tenth]:
    """Money told and observed in each tenth; ``part`` is each row's."""
    told = np.bincount(part, expected, minlength=TENTHS) / np.bincount(part, minlength=TENTHS).clip(1)
    return [{"tenth": at + 1, "expected": float(told[at]), "observed": observed[at]} for at in range(TENTHS)]


def _means(money: np.ndarray, part: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Money a row of each tenth, shape (TENTHS,)."""
    size = np.bincount(part, weight, minlength=TENTHS)
    return np.bincount(part, weight * money, minlength=TENTHS) / np.maximum(size, 1e-9)


def _captures(found: list[Estimate]) -> Captures:
    return {"capture_10": found[0], "capture_20": found[1]}


def _caught(money: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the share of all money that the highest shares of the rows bring; rows in the order judged."""
    rows, caught = np.cumsum(weight), np.cumsum(weight * money)
    at = np.minimum(np.searchsorted(rows, rows[-1] * SHARES), len(rows) - 1)
    return caught[at] / caught[-1] if caught[-1] > 0 else np.full(len(SHARES), np.nan)
