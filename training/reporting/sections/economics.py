"""How far down the list it pays to go: profit by share contacted, on the stated assumptions.

Profit of acting on a set of rows is ``worth * events - cost * rows``. Where an arm was held out at random,
events are those that a contact adds and each is worth ``value``; else they are all events, each worth
``value * success``. The cut-off is chosen on validation rows (out of fold) and shown on the test, which had
no say in it; there the model is held against the simple method that brings the most.
"""

from typing import Final, Literal, cast

import numpy as np
import polars as pl

from models.fitted.uplift import contact_share
from training.evaluation.bootstrap import band, interval, resampled, resampled_each
from training.evaluation.contact_list import MODEL, NO_ORDER, SHARES, ContactList
from training.evaluation.metrics import integer_codes
from training.evaluation.uplift_metrics import RandomisedOutcomes
from training.params import Economics
from training.reporting.sections.uplift import uplift
from training.reporting.source import DRAWS, Source, unassessed
from training.results.estimate import Estimate, direction
from training.results.report_money import (
    Assumptions,
    Beside,
    BestShare,
    Months,
    Plateau,
    ProfitAt,
    ProfitCurve,
    ProfitCurves,
    Swing,
)
from training.results.report_money import Economics as EconomicsSection

BASE = 10_000  # profits are told for so many rows
STEPS = (0.5, 0.75, 1.0, 1.25, 1.5)  # of value and of cost, in the table of both
LISTS: Final[tuple[Literal["model", "simple", "gain"], ...]] = ("model", "simple", "gain")
MONTHS = 4  # below, their spread tells nothing


def economics(source: Source) -> EconomicsSection:
    """Return the profit curve with its band, cut-off, break-even, sensitivity; needs stated assumptions.

    Beside it what needs none: the effect of contacts and the money that a case is worth.
    """
    given, beside = getattr(source.params.economics, source.task), _beside(source)
    if given is None:
        if not beside["uplift"]["assessed"] and not beside["worth"]["source"]:
            return unassessed("no_economics")
        return {"assessed": True, "assumptions": None, "reason": "no_economics", **beside}
    tested = _tested(source)
    chosen = cut_off(_validated(source, tested.is_measured), given)
    best = _best(tested, given, chosen)
    curves = _curves(tested, best, given, source)
    at = round(chosen * 100)
    profits = _at(curves, at)
    return {
        "assessed": True,
        **beside,
        "assumptions": cast(Assumptions, given.model_dump(mode="json")),
        "measured": tested.is_measured,
        "worth_of_event": _worth(tested, given),
        "break_even": given.cost / _worth(tested, given),
        "n": len(tested.label),
        "positives": int(tested.label.sum()),
        "baseline": best,
        "curves": curves,
        "chosen": chosen,
        "threshold": float(np.quantile(tested.scores["model"], 1 - chosen)) if chosen > 0 else 1.0,
        "plateau": _plateau(curves["model"]["profit"]),
        "points": _points(tested),
        "at": profits,
        "gained": direction(profits["gain"]["low"], profits["gain"]["high"]),
        "months": _over_months(tested, best, given, source, at),
        "tornado": _tornado(tested, given, at),
        "grid": _grid(tested, given),
        "steps": list(STEPS),
    }


def _beside(source: Source) -> Beside:
    effect, worth = uplift(source), source.value
    return {
        "uplift": effect,
        "worth": worth,
        "orders": effect.get("orders", {}),  # what the figures need
        "tenths": worth.get("tenths", []),
    }


def _worth(rows: ContactList, given: Economics) -> float:
    """What one event brings; how often acting succeeds is in the events where they were measured."""
    return given.value * (1.0 if rows.is_measured else given.success)


def profit(events: np.ndarray, worth: float, cost: float) -> np.ndarray:
    """Return the profit for ``BASE`` rows at each of ``SHARES``,
    from the events per row of the list, shape (101,).

    Examples
    --------
    >>> round(float(profit(np.linspace(0, 0.2, 101), 10, 1)[-1]))
    10000
    """
    return BASE * (worth * events - cost * SHARES)


def cut_off(rows: ContactList, given: Economics) -> float:
    """Return the share with the highest profit within the capacity, by the model's order."""
    found = profit(rows.events("model"), _worth(rows, given), given.cost)
    allowed = np.where(given.capacity + 1e-9 >= SHARES, found, -np.inf)
    return float(SHARES[int(np.argmax(allowed))])


def _tested(source: Source) -> ContactList:
    """The test rows, those held out beside them where the arm was drawn at random."""
    names = [f"baseline_{name}" for name in source.detail["estimators"] if name != MODEL]
    keys = [source.facts["subject"], "row_id", "label", "as_of", "probability", *names]
    rows, arms = source.test.select(keys), None
    if source.uplift["assessed"]:
        arms = _arms(source, rows, source.held_out.select(keys))
        rows = pl.concat([rows, source.held_out.select(keys)])
    scores = {"model": rows["probability"].to_numpy()}
    scores |= {name.removeprefix("baseline_"): rows[name].to_numpy() for name in names}
    subject, month = rows[source.facts["subject"]], pl.from_epoch(rows["as_of"]).dt.truncate("1mo")
    label = rows["label"].to_numpy().astype(np.float64)
    return ContactList(
        label, scores, integer_codes(subject.to_numpy()), integer_codes(month.to_numpy()), arms, source.seed
    )


def _validated(source: Source, is_measured: bool) -> ContactList:
    """The validation rows by the model's order, each scored by a model that did not know it."""
    rows, arms = pl.read_parquet(source.folder / "oof.parquet").select("row_id", "margin", "label"), None
    if is_measured:
        held = pl.read_parquet(source.folder / "oof_held_out.parquet").select("row_id", "margin", "label")
        arms = _arms(source, rows, held)
        rows = pl.concat([rows, held])
    nobody = np.zeros(len(rows), dtype=np.int64)
    label, scores = rows["label"].to_numpy().astype(np.float64), {"model": rows["margin"].to_numpy()}
    return ContactList(label, scores, nobody, nobody, arms, source.seed)


def _arms(source: Source, contacted: pl.DataFrame, held: pl.DataFrame) -> RandomisedOutcomes:
    """Rows that were contacted, then those held out, as a trial; shares are those of all their campaigns."""
    rows = pl.concat([contacted.select("row_id", "label"), held.select("row_id", "label")])
    key = source.facts["subject"]
    wanted = ["row_id", key, "arm", *(name for name in ("campaign_id",) if name in source.every_row.columns)]
    known = rows.join(source.every_row.select(wanted), on="row_id", how="left", maintain_order="left")
    treated = (known["arm"] == "treat").to_numpy()
    campaign = known["campaign_id"].to_numpy() if "campaign_id" in known.columns else None
    label = known["label"].to_numpy().astype(np.float64)
    return RandomisedOutcomes(
        label, treated, integer_codes(known[key].to_numpy()), contact_share(treated, campaign)
    )


def _best(rows: ContactList, given: Economics, chosen: float) -> str:
    """The simple method that brings the most at the cut-off, on the test itself: in favour of the simple.

    No order at all is one of them, the last among equals.
    """
    at, worth = round(chosen * 100), _worth(rows, given)
    names = sorted((name for name in rows.scores if name != MODEL), key=NO_ORDER.__eq__)
    return max(names, key=lambda name: profit(rows.events(name), worth, given.cost)[at])


def _curves(rows: ContactList, best: str, given: Economics, source: Source) -> ProfitCurves:
    worth, names = _worth(rows, given), {"model": "model", "simple": best}

    def of(weight: np.ndarray | None = None) -> dict[str, np.ndarray]:
        parts = {name: profit(rows.events(score, weight), worth, given.cost) for name, score in names.items()}
        return parts | {"gain": parts["model"] - parts["simple"]}

    drawn = resampled_each(of, rows.subject, DRAWS, source.seed)
    model, simple, gain = (_curve(point, drawn[name]) for name, point in of().items())
    return {
        "share": SHARES.round(2).tolist(),
        "model": model,
        "simple": simple,
        "gain": gain,
        "random": profit(rows.at_random(), worth, given.cost).round(2).tolist(),
    }


def _curve(point: np.ndarray, drawn: np.ndarray) -> ProfitCurve:
    """Profit along the list, shape (101,), with the band of its draws, shape (draws, 101)."""
    return {"profit": point.round(2).tolist(), **band(drawn)}


def _over_months(rows: ContactList, best: str, given: Economics, source: Source, at: int) -> Months | None:
    """The gain at the cut-off with whole months drawn anew: another season may be another gain."""
    months = int(rows.month.max()) + 1
    if months < MONTHS:
        return None
    worth = _worth(rows, given)

    def gain(weight: np.ndarray) -> float:
        apart = rows.events("model", weight)[at] - rows.events(best, weight)[at]
        return float(BASE * worth * apart)

    low, high = interval(resampled(gain, rows.month, DRAWS, source.seed))
    return {"low": low, "high": high, "n": months, "gained": direction(low, high)}


def _plateau(values: list[float]) -> Plateau | None:
    """Shares whose profit is within 5 % of the highest, around it; None where nothing pays."""
    best = int(np.argmax(values))
    if values[best] <= 0:
        return None
    fine = np.asarray(values) >= 0.95 * values[best]
    low = best - int(np.argmin(fine[best::-1])) + 1 if not fine[: best + 1].all() else 0
    high = best + int(np.argmin(fine[best:])) - 1 if not fine[best:].all() else 100
    return {"best": best / 100, "low": low / 100, "high": high / 100}


def _points(rows: ContactList) -> list[list[float]]:
    """For the slider: at each share the events per 10,000 rows and the lowest score taken."""
    events, lows = rows.events("model") * BASE, np.quantile(rows.scores["model"], 1 - SHARES)
    return [[round(float(e), 2), round(float(p), 4)] for e, p in zip(events, lows, strict=True)]


def _at(curves: ProfitCurves, at: int) -> ProfitAt:
    """Profit of the model, of the simple method and their difference at the cut-off."""
    model, simple, gain = (_point(curves[name], at) for name in LISTS)
    return {"model": model, "simple": simple, "gain": gain}


def _point(curve: ProfitCurve, at: int) -> Estimate:
    return {"value": curve["profit"][at], "low": curve["low"][at], "high": curve["high"][at]}


def _tornado(rows: ContactList, given: Economics, at: int) -> list[Swing]:
    """Profit at the cut-off where one assumption is a quarter lower or higher, widest first."""
    events = rows.events("model")
    found: list[Swing] = []
    for name in ("value", "cost") if rows.is_measured else ("value", "success", "cost"):
        ends = []
        for factor in (0.75, 1.25):
            other = given.model_copy(update={name: getattr(given, name) * factor})
            ends.append(float(profit(events, _worth(rows, other), other.cost)[at]))
        found.append({"name": name, "low": ends[0], "high": ends[1]})
    return sorted(found, key=lambda row: -abs(row["high"] - row["low"]))


def _grid(rows: ContactList, given: Economics) -> list[list[BestShare]]:
    """Best share within the capacity and its profit, by value (down) and cost (across)."""
    events, worth = rows.events("model"), _worth(rows, given)

    def best(value: float, cost: float) -> BestShare:
        found = profit(events, worth * value, given.cost * cost)
        allowed = np.where(given.capacity + 1e-9 >= SHARES, found, -np.inf)
        place = int(np.argmax(allowed))
        return {"share": place / 100, "profit": float(allowed[place])}

    return [[best(value, cost) for cost in STEPS] for value in STEPS]
