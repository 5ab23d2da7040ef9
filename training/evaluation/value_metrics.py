"""How well expected money is told: its level, its order, and tenth by tenth, with 95 % intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from training.evaluation.metrics import interval, resamples

SHARES = {"capture_10": 0.1, "capture_20": 0.2}
TENTHS = 10


def judge(
    money: np.ndarray, orders: Mapping[str, np.ndarray], subject: np.ndarray, draws: int, seed: int
) -> dict[str, Any]:
    """The expected money of ``orders["model"]``, and every order by the money that its highest catch.

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
    ranked = {name: np.argsort(-score, kind="stable") for name, score in orders.items()}
    first, last, expected = next(iter(orders)), list(orders)[-1], next(iter(orders.values()))
    part = np.empty(len(money), dtype=np.int64)
    part[ranked[first]] = np.arange(len(money)) * TENTHS // len(money)

    def measure(weight: np.ndarray) -> dict[str, Any]:
        total, size = weight @ money, np.bincount(part, weight, minlength=TENTHS)
        caught = {name: _caught(money[order], weight[order]) for name, order in ranked.items()}
        return {
            "ratio": weight @ expected / total if total > 0 else np.nan,
            "caught": np.array([caught[name] for name in orders]),
            "gain": caught[first] - caught[last],
            "tenths": np.bincount(part, weight * money, minlength=TENTHS) / np.maximum(size, 1e-9),
        }

    point = measure(np.ones(len(money)))
    drawn = [measure(weight) for weight in resamples(subject, draws, seed)]
    tables = {key: _estimates(point[key], np.array([one[key] for one in drawn])) for key in point}
    told = np.bincount(part, expected, minlength=TENTHS) / np.bincount(part, minlength=TENTHS).clip(1)
    return {
        "n": len(money),
        "payers": int((money > 0).sum()),
        "mean": float(money.mean()),
        "ratio": tables["ratio"],
        "orders": {
            name: dict(zip(SHARES, tables["caught"][at], strict=True)) for at, name in enumerate(orders)
        },
        "difference": dict(zip(SHARES, tables["gain"], strict=True)),
        "tenths": [
            {"tenth": at + 1, "expected": float(told[at]), "observed": tables["tenths"][at]}
            for at in range(TENTHS)
        ],
    }


def _caught(money: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Share of all money that the highest shares of the rows bring; rows in the order judged."""
    rows, caught = np.cumsum(weight), np.cumsum(weight * money)
    at = np.minimum(np.searchsorted(rows, rows[-1] * np.array([*SHARES.values()])), len(rows) - 1)
    return caught[at] / caught[-1] if caught[-1] > 0 else np.full(len(SHARES), np.nan)


def _estimates(value: Any, draws: np.ndarray) -> Any:
    """``{value, low, high}``, or a list of them, of shape (..., ) and draws (draws, ...)."""
    if np.ndim(value) > 0:
        return [_estimates(one, draws[:, at]) for at, one in enumerate(value)]
    low, high = interval(draws)
    return {"value": float(value) if np.isfinite(value) else None, "low": low, "high": high}
