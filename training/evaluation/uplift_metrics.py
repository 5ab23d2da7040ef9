"""How well an order finds those whom a contact moves: Qini and uplift at k, with 95 % intervals.

A Qini curve (Radcliffe 2007) tells the events gained per 10,000 subjects by contacting the highest
share of them, ``10,000 * share * (rate contacted - rate held out)`` among those. Its area is told
as the mean gain over random order (``qini``, events per 10,000), and in proportion to what
contacting everybody gains (``qini_coefficient``). Needs an arm that was drawn at random.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.fitted.uplift import arm_weight
from training.evaluation.bootstrap import band, estimate, resampled, resampled_each
from training.results.effects import Curve, Fifth, OrderJudged, QiniMeasures

SHARES = np.linspace(0.05, 1, 20)
BASE, FIFTHS = 10_000, 5
SHOWN = {"uplift_10": 1, "uplift_20": 3, "uplift_30": 5}  # name: place in SHARES
GainCurve = np.ndarray


@dataclass(frozen=True)
class RandomisedOutcomes:
    """Outcomes of a randomised trial, shape (rows,) each.

    0/1 labels, whether contacted, subject codes, and with which probability each row was contacted.
    """

    label: np.ndarray
    treated: np.ndarray
    subject: np.ndarray
    share: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """Of how many rows each speaks for: the inverse of the probability of its arm, shape (rows,)."""
        return arm_weight(self.treated, self.share)

    def take(self, order: np.ndarray) -> "RandomisedOutcomes":
        """Return the rows of an index or mask, in its order."""
        return RandomisedOutcomes(
            self.label[order], self.treated[order], self.subject[order], self.share[order]
        )


def gains(
    label: np.ndarray, treated: np.ndarray, weight: np.ndarray, shares: np.ndarray = SHARES
) -> GainCurve:
    """Return events gained per 10,000 subjects at each of ``shares``, rows in the order judged.

    Examples
    --------
    >>> y, t = np.array([1., 0., 0., 0.]), np.array([True, False, True, False])
    >>> float(gains(y, t, np.ones(4))[-1])
    5000.0
    """
    total = np.cumsum(weight)
    at = np.minimum(np.searchsorted(total, shares * total[-1] * (1 - 1e-12)), len(label) - 1)
    rates = [
        np.cumsum(weight * label * arm)[at] / np.maximum(np.cumsum(weight * arm)[at], 1e-9)
        for arm in (treated, ~treated)
    ]
    return BASE * shares * (rates[0] - rates[1])


def summary(curve: GainCurve) -> dict[str, np.ndarray]:
    """Return Qini, its coefficient and uplift at 10, 20 and 30 % of curves, shape (..., shares).

    Examples
    --------
    >>> summary(100 * SHARES)["qini"].round(6) + 0.0  # what random order gains, on average
    np.float64(0.0)
    """
    area = np.mean(curve - SHARES * curve[..., -1:], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {"qini": area, "qini_coefficient": area / np.abs(curve[..., -1])}
    shown = {name: curve[..., at] / (BASE * SHARES[at]) for name, at in SHOWN.items()}
    return found | shown | {"overall": curve[..., -1] / BASE}


def judge(
    arms: RandomisedOutcomes, scores: Mapping[str, np.ndarray], draws: int, seed: int
) -> tuple[dict[str, OrderJudged], QiniMeasures | None]:
    """Return every order by its score, the highest first, and the first order minus the second.

    Returns
    -------
    orders
        ``{name: {qini, qini_coefficient, uplift_10, …, overall, curve}}``, each with its interval.
    difference
        The same measures, paired: drawn on the same resamples of the subjects; None of one order alone.
    """
    order = {name: np.argsort(-score, kind="stable") for name, score in scores.items()}
    ranked = {name: arms.take(rows) for name, rows in order.items()}
    points = {name: gains(found.label, found.treated, found.weight) for name, found in ranked.items()}

    def drawn(weight: np.ndarray) -> dict[str, GainCurve]:
        return {
            name: gains(found.label, found.treated, found.weight * weight[order[name]])
            for name, found in ranked.items()
        }

    tables = resampled_each(drawn, arms.subject, draws, seed)
    told = {name: _estimates(summary(points[name]), summary(tables[name])) for name in scores}
    orders = {name: told[name] | {"curve": _curve(points[name], tables[name])} for name in scores}
    first, *others = scores
    if not others:
        return orders, None
    pairs = [(summary(part[first]), summary(part[others[0]])) for part in (points, tables)]
    differences = [{key: one[key] - other[key] for key in one if key != "overall"} for one, other in pairs]
    return orders, _estimates(*differences)


def at_random(arms: RandomisedOutcomes, draws: int, seed: int) -> OrderJudged:
    """Return what random orders reach on these rows: the mean, and the middle 95 % of ``draws`` orders."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        dealt = arms.take(rng.permutation(len(arms.label)))
        found.append(gains(dealt.label, dealt.treated, dealt.weight))
    table = summary(np.array(found))
    return _estimates({name: values.mean() for name, values in table.items()}, table)


def quintile_effects(arms: RandomisedOutcomes, score: np.ndarray, draws: int, seed: int) -> list[Fifth]:
    """Return rates of both arms and their difference in each fifth by score, the highest first."""
    ranked = arms.take(np.argsort(-score, kind="stable"))
    y, t, own, n = ranked.label, ranked.treated, ranked.weight, len(score)
    part = np.minimum(np.arange(n) * FIFTHS // n, FIFTHS - 1)

    def rates(arm: np.ndarray, weight: np.ndarray) -> np.ndarray:
        size = np.bincount(part, weight * arm, minlength=FIFTHS)
        return np.bincount(part, weight * y * arm, minlength=FIFTHS) / np.maximum(size, 1e-9)

    drawn = resampled(lambda w: rates(t, own * w) - rates(~t, own * w), ranked.subject, draws, seed)
    treated, held = rates(t, own), rates(~t, own)
    return [
        {
            "fifth": at + 1,
            "n": int(np.sum(part == at)),
            "positives": int(y[part == at].sum()),
            "held_out": int(np.sum((part == at) & ~t)),
            "treated": float(treated[at]),
            "held": float(held[at]),
            "effect": estimate(treated[at] - held[at], drawn[:, at]),
        }
        for at in range(FIFTHS)
    ]


def _curve(points: GainCurve, drawn: np.ndarray) -> Curve:
    ends = band(drawn)
    return {
        "share": SHARES.round(2).tolist(),
        "gain": points.tolist(),
        "low": ends["low"],
        "high": ends["high"],
    }


def _estimates(points: Mapping[str, Any], drawn: Mapping[str, np.ndarray]) -> Any:
    return {name: estimate(points[name], drawn[name]) for name in points}
