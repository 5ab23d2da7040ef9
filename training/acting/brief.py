"""What is told of a plan beside its list: cost, what it should bring, its holdout, and why."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.acting.budget import BudgetCurve, budget_curve
from models.acting.knapsack import NOTHING
from models.model import Model
from training.acting import visibility
from training.acting.draft import TASK, Draft, Request, data_day
from training.acting.effects import ADDED
from training.acting.intervals import FEWEST_LEVELS, drawn, money
from training.acting.layers import by_layer, by_means
from training.acting.next_money import diagnosis, following
from training.acting.pages import OLD
from training.acting.words import BOTH, reasons
from training.data.score_ids import fingerprint
from training.params import Params
from training.reporting.words import said, strings

POINTS = 21


def facts(params: Params, request: Request, draft: Draft, day: date, layers: pl.DataFrame) -> dict[str, Any]:
    """Return everything that is told of a plan but its list.

    Parameters
    ----------
    layers
        What members are, a row a member of the draft; see ``training.acting.groups``.
    """
    made, unit = draft.plan, draft.effects.unit
    return {
        "name": request.name,
        "data": params.data,
        "day": day.isoformat(),
        "sent": False,
        "unit": unit,
        "currency": draft.options.currency,
        "scores_of": data_day(params).isoformat(),
        "scores_days": (day - data_day(params)).days,
        **_people(params, draft),
        "budget": request.budget,
        "cost": float(made.cost.sum()),
        "expected": _expected(draft),
        "curve": _curve(draft, params.seed),
        "gap": made.solution.gap,
        "prices": _prices(draft),
        "holdout": visibility.told(params, draft),
        "layers": by_layer(draft, layers) | by_means(draft),
        "next": following(draft, layers),
        "diagnosis": diagnosis(draft, layers),
        "explore": draft.chance.explore,
        "salt": draft.chance.salt,
        "worth_of_an_answer": draft.worth,
        "stated": _stated_by(params),
        "opt_out_risk": dict(
            zip([c.name for c in draft.options.channels], draft.people.risk.tolist(), strict=True)
        ),
        "asked_as": _asked_as(draft),
        "models": _models(params),
        "window_days": getattr(params.spine, TASK).days,
        "options": str(request.options),
    }


def _people(params: Params, draft: Draft) -> dict[str, Any]:
    """How many are contacted, with what, and how many are not, and why."""
    given = draft.plan.choice != NOTHING
    left = _not_scored(params)
    return {
        "members": len(given),
        "not_scored": left,
        "not_scored_why": _why(params, left),
        "contacted": int(given.sum()),
        "cared": int((given & draft.people.audience.complaint).sum()),
        "by_option": _by_option(draft),
        "by_reason": draft.plan.counts(),
    }


def _not_scored(params: Params) -> dict[str, int]:
    """Members who got no score, by why."""
    rows = pl.read_parquet(
        params.build / TASK / "scores.parquet",
        columns=["subject_id", "status", "suppression_reason", "outside_reason"],
    ).unique("subject_id", keep="first")
    why = rows.filter(pl.col("status") != "ok").select(
        why=pl.coalesce("suppression_reason", "outside_reason", "status")
    )
    return dict(why["why"].value_counts().sort("why").rows())


def _why(params: Params, left: dict[str, int]) -> list[dict[str, Any]]:
    """The same in words, the most first: who is suppressed, and whom the model is not about."""
    known = {boundary.code: boundary for boundary in Model.load(params.build / TASK / "final").boundaries}
    found = []
    for code, n in sorted(left.items(), key=lambda pair: (-pair[1], pair[0])):
        boundary, key = known.get(code), f"suppressed.{code}"
        texts = {"en": boundary.en, "zh": boundary.zh} if boundary else said(key) if key in strings() else {}
        found.append({word: texts.get(word, code) for word in BOTH} | {"n": n})
    return found


def _stated_by(params: Params) -> dict[str, str | None]:
    """Who stated what an answer is worth, and when."""
    stated = getattr(params.economics, TASK)
    return {"owner": stated.owner or None, "date": None if stated.date is None else str(stated.date)}


def _by_option(draft: Draft) -> dict[str, int]:
    count = np.bincount(draft.plan.choice[draft.plan.choice != NOTHING], minlength=len(draft.options.options))
    return {option.name: int(n) for option, n in zip(draft.options.options, count, strict=True)}


def _expected(draft: Draft) -> dict[str, Any]:
    """Sums over those who are contacted; the interval is that of past campaigns' levels."""
    made, levels = draft.plan, draft.effects.levels
    at = np.flatnonzero((made.choice != NOTHING) & ~draft.people.audience.complaint)
    by_option = np.bincount(
        made.choice[at], draft.effects.effect[at, made.choice[at]], minlength=len(draft.options.options)
    )
    gain, cost = float(made.gain.sum()), float(made.cost.sum())
    basis = f"95 %, by how far {len(levels)} past campaigns were off their prediction"
    none = f"none: fewer than {FEWEST_LEVELS} past campaigns were tested"
    return {
        "answers": money(float(by_option.sum()), by_option, levels, 1.0),
        "gain": money(gain, by_option, levels, draft.worth),
        "net": money(gain - cost, by_option, levels, draft.worth),
        "campaigns": len(levels),
        "interval": basis if len(levels) >= FEWEST_LEVELS else none,
    }


def _curve(draft: Draft, seed: int) -> dict[str, Any]:
    """What each sum would bring; capacities are not in it."""
    gain, cost, effect = draft.offers.gain, draft.offers.cost, draft.effects.effect * draft.worth
    if len(draft.effects.levels) < FEWEST_LEVELS:
        bare = budget_curve(gain, cost, draft.free, error=np.zeros_like(gain), points=POINTS)
        return {"spend": bare.spend.tolist(), "gain": bare.gain.tolist()}
    levels = drawn(draft.effects.levels, gain.shape[1], seed)
    found: BudgetCurve = budget_curve(
        gain, cost, draft.free, draws=(gain + effect * (level - 1) for level in levels), points=POINTS
    )
    return {name: part.tolist() for name, part in vars(found).items()}


def _prices(draft: Draft) -> dict[str, Any]:
    """What one more unit of each limit would bring."""
    prices, options = draft.plan.solution.prices, draft.options
    by_option = zip([option.name for option in options.options], prices.option.tolist(), strict=True)
    by_channel = zip([channel.name for channel in options.channels], prices.channel.tolist(), strict=True)
    return {
        "budget": prices.budget,
        "option": {name: price for name, price in by_option if price > 0},
        "channel": {name: price for name, price in by_channel if price > 0},
    }


def _asked_as(draft: Draft) -> dict[str, Any]:
    """As which past campaign each option's answers were asked."""
    names = [option.name for option in draft.options.options]
    rows = draft.effects.asked.to_dicts()
    return {
        names[row.pop("option")]: {key.removeprefix("asked_"): value for key, value in row.items()}
        for row in rows
    }


def _models(params: Params) -> dict[str, Any]:
    """What computed the numbers: hash of the model, and the registry's champion beside it."""
    folder = params.build / TASK
    version = folder / "champion" / "version"
    return {
        "response": fingerprint(Model.load(folder / "final")),
        "champion": version.read_text().strip() if version.exists() else None,
    }


def text(told: dict[str, Any], place: Path) -> str:
    """What a campaign manager reads first."""
    unit, expected, held = told["unit"], told["expected"], told["holdout"]
    money = told["currency"] or ""
    given = {name: count for name, count in told["by_option"].items() if count}
    lines = [
        f"plan {told['name']} for {told['day']}: {told['contacted']:,} of {told['members']:,} members get "
        f"something, cost {told['cost']:,.2f} {money}",
        f"  expected {_interval(expected['answers'])} {unit}, worth {_interval(expected['gain'])} {money}",
        "  " + ", ".join(f"{name} {count:,}" for name, count in given.items()),
        *(
            f"  {count:>9,}  {reasons('en')[code]} | {reasons('zh')[code]}"
            for code, count in told["by_reason"].items()
            if count
        ),
        f"  holdout {held['share']:.1%}: {held['held_out']:,} of {held['members']:,}"
        + (f"; {held['added']:.2%} added to {held['rate_without']:.2%} is seen with probability "
           f"{held['power']:.0%} (effect: {held['basis']})" if "power" in held else ""),
        f"  gap to the best possible at most {told['gap']:.2%}",
        f"dry: nothing was sent; the list is {place}",
    ]  # fmt: skip
    if unit != ADDED:
        lines.insert(2, "  these are answers, not added answers: some would have come without a contact")
    return "\n".join(lines)


def _interval(found: dict[str, float]) -> str:
    between = f" ({found['low']:,.0f} to {found['high']:,.0f})" if "low" in found else ""
    return f"{found['value']:,.0f}{between}"


def older(told: dict[str, Any]) -> str | None:
    """Return a warning where the scores are older than ``OLD`` days, else None."""
    days = told["scores_days"]
    return f"the scores are {days} days old; run the night run before you plan" if days > OLD else None
