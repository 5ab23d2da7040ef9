"""How far down the list it pays to go: profit by share contacted, on the stated assumptions.

Profit of acting on a set of rows is ``value * success * events - cost * rows``. The cut-off is
chosen on validation rows (out of fold) and shown on the test, which had no say in it.
"""

from typing import Any

import numpy as np
import polars as pl

from training.evaluation.metrics import Ranked, interval, resamples
from training.params import Economics
from training.reporting.sections.uplift import uplift
from training.reporting.source import DRAWS, Source, unassessed

SHARES = np.linspace(0, 1, 101)
BASE = 10_000  # profits are told for so many rows
STEPS = (0.5, 0.75, 1.0, 1.25, 1.5)  # of value and of cost, in the table of both


def economics(source: Source) -> dict[str, Any]:
    """Profit curve with its band, cut-off, break-even, sensitivity; needs stated assumptions.

    Beside it what needs none: the effect of contacts and the money that a case is worth.
    """
    given, beside = getattr(source.params.economics, source.task), _beside(source)
    if given is None:
        there = beside["uplift"]["assessed"] or beside["worth"]["source"]
        only = {"assessed": True, "assumptions": None, "reason": "no_economics"}
        return only | beside if there else unassessed("no_economics")
    chosen = cut_off(*_validation(source), given)
    curves = _curves(source, given)
    at = round(chosen * 100)
    return {
        "assessed": True,
        **beside,
        "assumptions": given.model_dump(mode="json"),
        "break_even": given.cost / (given.value * given.success),
        "n": len(source.label),
        "positives": int(source.label.sum()),
        "baseline": _today(source),
        "curves": curves,
        "chosen": chosen,
        "threshold": float(np.quantile(source.probability, 1 - chosen)) if chosen > 0 else 1.0,
        "plateau": _plateau(curves["model"]["profit"]),
        "points": _points(source),
        "at": _at(curves, at),
        "tornado": _tornado(source, given, at),
        "grid": _grid(source, given),
        "steps": list(STEPS),
    }


def _beside(source: Source) -> dict[str, Any]:
    effect, worth = uplift(source), source.value
    return {
        "uplift": effect,
        "worth": worth,
        "orders": effect.get("orders", {}),  # what the figures need
        "tenths": worth.get("tenths", []),
    }


def profit(caught: np.ndarray, given: Economics) -> np.ndarray:
    """Profit for ``BASE`` rows at each of ``SHARES``, from the events caught per row, shape (101,).

    Examples
    --------
    >>> from datetime import date
    >>> given = Economics(value=10, cost=1, capacity=1, date=date(2026, 1, 1))
    >>> round(float(profit(np.linspace(0, 0.2, 101), given)[-1]))
    10000
    """
    return BASE * (given.value * given.success * caught - given.cost * SHARES)


def caught(label: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Events per row of the whole list that lie among the highest shares, ties in proportion."""
    ranked = Ranked.of(label, score)
    return _caught(ranked, np.ones(len(label)) if weight is None else weight[ranked.order])


def _caught(ranked: Ranked, weight: np.ndarray) -> np.ndarray:
    hits, rows = np.cumsum(weight * ranked.label)[ranked.ends], np.cumsum(weight)[ranked.ends]
    return np.interp(SHARES * rows[-1], np.append(0, rows), np.append(0, hits)) / rows[-1]


def cut_off(label: np.ndarray, score: np.ndarray, given: Economics) -> float:
    """The share with the highest profit within the capacity."""
    allowed = np.where(given.capacity + 1e-9 >= SHARES, profit(caught(label, score), given), -np.inf)
    return float(SHARES[int(np.argmax(allowed))])


def _validation(source: Source) -> tuple[np.ndarray, np.ndarray]:
    rows = pl.read_parquet(source.folder / "oof.parquet")
    return rows["label"].to_numpy().astype(np.float64), rows["margin"].to_numpy()


def _today(source: Source) -> str:
    """What stands for today's practice: the rule, else the best baseline."""
    return "rule" if "baseline_rule" in source.test.columns else source.detail["best_baseline"]


def _curves(source: Source, given: Economics) -> dict[str, Any]:
    scores = {"model": source.probability, "today": source.test[f"baseline_{_today(source)}"].to_numpy()}
    found: dict[str, Any] = {"share": SHARES.round(2).tolist()}
    ranked = {name: Ranked.of(source.label, score) for name, score in scores.items()}
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in scores}
    for weight in resamples(source.subject, DRAWS, source.seed):
        for name, order in ranked.items():
            drawn[name].append(profit(_caught(order, weight[order.order]), given))
    drawn["gain"] = [m - t for m, t in zip(drawn["model"], drawn["today"], strict=True)]
    points = {name: profit(caught(source.label, score), given) for name, score in scores.items()}
    points["gain"] = points["model"] - points["today"]
    for name, draws in drawn.items():
        table = np.array(draws)
        bounds = [interval(table[:, at]) for at in range(len(SHARES))]
        found[name] = {
            "profit": points[name].round(2).tolist(),
            "low": [low for low, _ in bounds],
            "high": [high for _, high in bounds],
        }
    found["random"] = profit(SHARES * source.label.mean(), given).round(2).tolist()
    return found


def _plateau(values: list[float]) -> dict[str, float] | None:
    """Shares whose profit is within 5 % of the highest, around it; None where nothing pays."""
    best = int(np.argmax(values))
    if values[best] <= 0:
        return None
    fine = np.asarray(values) >= 0.95 * values[best]
    low = best - int(np.argmin(fine[best::-1])) + 1 if not fine[: best + 1].all() else 0
    high = best + int(np.argmin(fine[best:])) - 1 if not fine[best:].all() else 100
    return {"best": best / 100, "low": low / 100, "high": high / 100}


def _points(source: Source) -> list[list[float]]:
    """For the slider: at each share the events per 10,000 rows and the lowest score taken."""
    events = caught(source.label, source.probability) * BASE
    lows = np.quantile(source.probability, 1 - SHARES)
    return [[round(float(e), 2), round(float(p), 4)] for e, p in zip(events, lows, strict=True)]


def _at(curves: dict[str, Any], at: int) -> dict[str, Any]:
    """Profit of the model, of today's practice and their difference at the cut-off."""
    return {
        name: {"value": part["profit"][at], "low": part["low"][at], "high": part["high"][at]}
        for name, part in curves.items()
        if isinstance(part, dict)
    }


def _tornado(source: Source, given: Economics, at: int) -> list[dict[str, Any]]:
    """Profit at the cut-off where one assumption is a quarter lower or higher, widest first."""
    events = caught(source.label, source.probability)
    rows = []
    for name in ("value", "success", "cost"):
        ends = [
            float(profit(events, given.model_copy(update={name: getattr(given, name) * factor}))[at])
            for factor in (0.75, 1.25)
        ]
        rows.append({"name": name, "low": ends[0], "high": ends[1]})
    return sorted(rows, key=lambda row: -abs(row["high"] - row["low"]))


def _grid(source: Source, given: Economics) -> list[list[dict[str, float]]]:
    """Best share within the capacity and its profit, by value (down) and cost (across)."""
    events = caught(source.label, source.probability)

    def best(value: float, cost: float) -> dict[str, float]:
        at = given.model_copy(update={"value": given.value * value, "cost": given.cost * cost})
        allowed = np.where(given.capacity + 1e-9 >= SHARES, profit(events, at), -np.inf)
        place = int(np.argmax(allowed))
        return {"share": place / 100, "profit": float(allowed[place])}

    return [[best(value, cost) for cost in STEPS] for value in STEPS]
