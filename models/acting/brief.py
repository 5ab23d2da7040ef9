"""What is told of a plan beside its list: cost, what it should bring, its holdout, and why."""

from datetime import date

import numpy as np

from models.acting import plan_reasons, visibility
from models.acting.budget import BudgetCurve, budget_curve
from models.acting.documents import Curve, ExpectedFacts, HoldoutFacts, PlanFacts, PlanFigures, PriceFacts
from models.acting.draft import Draft, PlanRequest
from models.acting.inputs import ADDED
from models.acting.intervals import FEWEST_LEVELS, Expected, drawn, money
from models.acting.programme import NOTHING

OLD = 7  # days after which scores are called old
POINTS = 21


def facts(asked: PlanRequest, draft: Draft) -> PlanFacts:
    """Return everything that is told of a plan but its list."""
    told = _figures(asked, draft)
    return {**told, "left_out": plan_reasons.left_out(told), "limits": plan_reasons.limits(told)}


def _figures(asked: PlanRequest, draft: Draft) -> PlanFigures:
    made, inputs, stated = draft.plan, draft.inputs, draft.inputs.facts
    given = made.choice != NOTHING
    return {
        "name": asked.name,
        "data": stated["data"],
        "day": stated["day"],
        "not_scored": stated["not_scored"],
        "models": stated["models"],
        "window_days": stated["window_days"],
        "options": stated["options"],
        "sent": False,
        "scores_of": stated["known"],
        "scores_days": (date.fromisoformat(stated["day"]) - date.fromisoformat(stated["known"])).days,
        "unit": inputs.effects.unit,
        "currency": inputs.options.currency,
        "members": len(given),
        "contacted": int(given.sum()),
        "cared": int((given & inputs.people.audience.complaint).sum()),
        "by_option": _by_option(draft),
        "by_reason": made.counts(),
        "budget": asked.budget,
        "cost": float(made.cost.sum()),
        "expected": _expected(draft),
        "curve": _curve(draft, stated["seed"]),
        "gap": made.solution.gap,
        "prices": _prices(draft),
        "holdout": visibility.smallest_visible(draft),
        "explore": draft.chance.explore,
        "salt": draft.chance.salt,
        "worth_of_an_answer": inputs.worth,
        "opt_out_risk": dict(
            zip([c.name for c in inputs.options.channels], inputs.people.risk.tolist(), strict=True)
        ),
        "asked_as": _asked_as(draft),
    }


def _by_option(draft: Draft) -> dict[str, int]:
    count = np.bincount(
        draft.plan.choice[draft.plan.choice != NOTHING], minlength=len(draft.inputs.options.options)
    )
    return {option.name: int(n) for option, n in zip(draft.inputs.options.options, count, strict=True)}


def _expected(draft: Draft) -> ExpectedFacts:
    """Sums over those who are contacted; the interval is that of past campaigns' levels."""
    made, levels = draft.plan, draft.inputs.effects.levels
    at = np.flatnonzero((made.choice != NOTHING) & ~draft.inputs.people.audience.complaint)
    by_option = np.bincount(
        made.choice[at],
        draft.inputs.effects.effect[at, made.choice[at]],
        minlength=len(draft.inputs.options.options),
    )
    gain, cost, worth = float(made.gain.sum()), float(made.cost.sum()), draft.inputs.worth
    basis = f"95 %, by how far {len(levels)} past campaigns were off their prediction"
    none = f"none: fewer than {FEWEST_LEVELS} past campaigns were tested"
    return {
        "answers": money(float(by_option.sum()), by_option, levels, 1.0),
        "gain": money(gain, by_option, levels, worth),
        "net": money(gain - cost, by_option, levels, worth),
        "campaigns": len(levels),
        "interval": basis if len(levels) >= FEWEST_LEVELS else none,
    }


def _curve(draft: Draft, seed: int) -> Curve:
    """What each sum would bring; capacities are not in it."""
    gain, cost, effect = (
        draft.offers.gain,
        draft.offers.cost,
        draft.inputs.effects.effect * draft.inputs.worth,
    )
    if len(draft.inputs.effects.levels) < FEWEST_LEVELS:
        bare = budget_curve(gain, cost, draft.free, error=np.zeros_like(gain), points=POINTS)
        return {"spend": bare.spend.tolist(), "gain": bare.gain.tolist()}
    levels = drawn(draft.inputs.effects.levels, gain.shape[1], seed)
    found: BudgetCurve = budget_curve(
        gain, cost, draft.free, draws=(gain + effect * (level - 1) for level in levels), points=POINTS
    )
    return {
        "spend": found.spend.tolist(), "gain": found.gain.tolist(),
        "low": found.low.tolist(), "high": found.high.tolist(),
    }  # fmt: skip


def _prices(draft: Draft) -> PriceFacts:
    """What one more unit of each limit would bring."""
    prices, options = draft.plan.solution.prices, draft.inputs.options
    by_option = zip([option.name for option in options.options], prices.option.tolist(), strict=True)
    by_channel = zip([channel.name for channel in options.channels], prices.channel.tolist(), strict=True)
    return {
        "budget": prices.budget,
        "option": {name: price for name, price in by_option if price > 0},
        "channel": {name: price for name, price in by_channel if price > 0},
    }


def _asked_as(draft: Draft) -> dict[str, dict[str, object]]:
    """As which past campaign each option's answers were asked."""
    names = [option.name for option in draft.inputs.options.options]
    rows = draft.inputs.effects.asked.to_dicts()
    return {
        names[row.pop("option")]: {key.removeprefix("asked_"): value for key, value in row.items()}
        for row in rows
    }


def text(told: PlanFacts, place: object) -> str:
    """Return what a campaign manager reads first."""
    unit, expected, held = told["unit"], told["expected"], told["holdout"]
    money = told["currency"] or ""
    given = {name: count for name, count in told["by_option"].items() if count}
    lines = [
        f"plan {told['name']} for {told['day']}: {told['contacted']:,} of {told['members']:,} members get "
        f"something, cost {told['cost']:,.2f} {money}",
        f"  expected {_interval(expected['answers'])} {unit}, worth {_interval(expected['gain'])} {money}",
        "  " + ", ".join(f"{name} {count:,}" for name, count in given.items()),
        *(f"  {one['members']:>9,}  {one['en']} | {one['zh']}" for one in plan_reasons.left_out(told)),
        "  what limits it:",
        *(f"    {one['en']} | {one['zh']}" for one in plan_reasons.limits(told)),
        f"  holdout {held['share']:.1%}: {held['held_out']:,} of {held['members']:,}"
        + (f"; {held['added']:.2%} added to {held['rate_without']:.2%} is seen with probability "
           f"{held['power']:.0%} (effect: {held['basis']})" if "power" in held else ""),
        *_waits(held),
        f"  gap to the best possible at most {told['gap']:.2%}",
        f"dry: nothing was sent; the list is {place}",
    ]  # fmt: skip
    if unit != ADDED:
        lines.insert(2, "  these are answers, not added answers: some would have come without a contact")
    return "\n".join(lines)


def _waits(held: HoldoutFacts) -> list[str]:
    """What the held-out share costs in time, campaigns of this size coming one after another."""
    waits = held["effects"][0] if "effects" in held else None
    if waits is None or waits["campaigns"] is None or waits["against_half"] is None:
        return []
    return [
        f"    such campaigns show it after {waits['campaigns']:,} of them, {waits['days']:,.0f} days, for "
        f"{waits['missed']:,.0f} answers missed; half held out would need {1 / waits['against_half']:.0%} of "
        "the members"
    ]


def _interval(found: Expected) -> str:
    between = f" ({found['low']:,.0f} to {found['high']:,.0f})" if "low" in found else ""
    return f"{found['value']:,.0f}{between}"


def older(told: PlanFacts) -> str | None:
    """Return a warning where the scores are older than ``OLD`` days, else None."""
    days = told["scores_days"]
    return f"the scores are {days} days old; run the night run before you plan" if days > OLD else None
