"""What a contact changes: contacted against held out at random, in the order of the score.

Qini curve (Radcliffe 2007): events gained per 10,000 contacts by contacting the highest share,
``10,000 * share * (rate contacted - rate held out)`` among them. Its area is told as the mean
gain over random order.
"""

from typing import Any

import numpy as np
import polars as pl

from training.metrics import codes, interval, resamples
from training.reporting.source import DRAWS, Source

SHARES = np.linspace(0.05, 1, 20)
FIFTHS, FEWEST, BASE = 5, 100, 10_000
SHOWN = (0.1, 0.2, 0.3)


def uplift(source: Source) -> dict[str, Any] | None:
    """Effect overall, by fifth of the score and along the ranking; None without a held-out arm."""
    if "arm" not in source.asked.columns:
        return None
    rows = source.asked.filter(pl.col("split") == "test")
    treated = (rows["arm"] == "treat").to_numpy()
    if min(treated.sum(), (~treated).sum()) < FEWEST:
        return None
    order = np.argsort(-source.model.probability(rows), kind="stable")
    y, t = rows["label"].to_numpy().astype(float)[order], treated[order]
    subject = codes(rows[source.facts["subject"]].to_numpy())[order]
    drawn = [gains(y, t, weight) for weight in resamples(subject, DRAWS, source.seed)]
    return _summary(y, t, np.array(drawn)) | {"fifths": _fifths(y, t, subject, source.seed)}


def gains(y: np.ndarray, treated: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Events gained per 10,000 contacts at each of ``SHARES``, rows in the order of the score.

    Examples
    --------
    >>> y, t = np.array([1., 0., 0., 0.]), np.array([True, False, True, False])
    >>> float(gains(y, t, np.ones(4))[-1])
    5000.0
    """
    total = np.cumsum(weight)
    at = np.minimum(np.searchsorted(total, SHARES * total[-1] * (1 - 1e-12)), len(y) - 1)
    rates = [
        np.cumsum(weight * y * arm)[at] / np.maximum(np.cumsum(weight * arm)[at], 1e-9)
        for arm in (treated, ~treated)
    ]
    return BASE * SHARES * (rates[0] - rates[1])


def _summary(y: np.ndarray, t: np.ndarray, drawn: np.ndarray) -> dict[str, Any]:
    points = gains(y, t, np.ones(len(y)))
    bounds = [interval(drawn[:, at]) for at in range(len(SHARES))]

    def over_random(curve: np.ndarray) -> Any:
        return np.mean(curve - SHARES * curve[..., -1:], axis=-1)

    def at_share(share: float) -> dict[str, Any]:
        at = int(np.argmin(np.abs(SHARES - share)))
        return _estimate(points[at] / (BASE * share), drawn[:, at] / (BASE * share))

    return {
        "n": len(y),
        "positives": int(y.sum()),
        "held_out": int((~t).sum()),
        "curve": {"share": SHARES.round(2).tolist(), "gain": points.tolist(),
                  "low": [low for low, _ in bounds], "high": [high for _, high in bounds]},
        "overall": _estimate(points[-1] / BASE, drawn[:, -1] / BASE),
        "qini": _estimate(over_random(points), over_random(drawn)),
        "shares": {f"{share:.0%}": at_share(share) for share in SHOWN},
    }  # fmt: skip


def _fifths(y: np.ndarray, t: np.ndarray, subject: np.ndarray, seed: int) -> list[dict[str, Any]]:
    """Rates of both arms and their difference in each fifth by score, the highest first."""
    part = np.minimum(np.arange(len(y)) * FIFTHS // len(y), FIFTHS - 1)

    def rates(arm: np.ndarray, weight: np.ndarray) -> np.ndarray:
        n = np.bincount(part, weight * arm, minlength=FIFTHS)
        return np.bincount(part, weight * y * arm, minlength=FIFTHS) / np.maximum(n, 1e-9)

    drawn = np.array([rates(t, w) - rates(~t, w) for w in resamples(subject, DRAWS, seed)])
    ones = np.ones(len(y))
    treated, held = rates(t, ones), rates(~t, ones)
    return [
        {
            "fifth": at + 1,
            "n": int(np.sum(part == at)),
            "positives": int(y[part == at].sum()),
            "held_out": int(np.sum((part == at) & ~t)),
            "treated": float(treated[at]),
            "held": float(held[at]),
            "effect": _estimate(treated[at] - held[at], drawn[:, at]),
        }
        for at in range(FIFTHS)
    ]


def _estimate(value: float, draws: np.ndarray) -> dict[str, Any]:
    low, high = interval(draws)
    return {"value": float(value), "low": low, "high": high}
