"""``memberlens acting-truth --weeks N``: the plan against the highest probabilities, week after week."""

from dataclasses import replace
from typing import Any

import numpy as np

from models.acting import plan
from models.acting.draft import Draft
from training.acting import pages, weeks
from training.acting.draft import Request, data_day, plan_draft
from training.io import write_json, write_text
from training.params import Params
from training.results.weeks import OverSeeds, PolicyRead, WeeksRead

FILE, PAGE = "weeks.json", "weeks.html"
SPENT = 0.25  # of what a plan without a budget would spend in the first week
LINES = ("margin", "reachable")  # what has a curve: summed up to each week, and after it


def make(params: Params, count: int, seeds: int, budget: float | None = None) -> WeeksRead:
    """Write ``weeks.json`` and ``weeks.html`` beside the reports; return what the first one says.

    Parameters
    ----------
    count
        Weeks.
    seeds
        How often types, fading and luck are drawn anew; told are the mean and the range.
    budget
        Money of each week, the same for every policy.

    Raises
    ------
    ValueError
        Of another data set than the simulated brand.
    """
    day = data_day(params)
    draft = plan_draft(params, Request("weeks", budget=budget, hold_out=0.0, blind=True), day)
    if budget is None:
        budget = SPENT * _unlimited(draft)
        draft = replace(draft, limits=replace(draft.limits, budget=budget))
    options, runs = draft.inputs.options, [_runs(params, draft, count, seed) for seed in range(seeds)]
    found: WeeksRead = {
        "name": "weeks", "data": params.data, "day": day.isoformat(), "weeks": count, "seeds": seeds,
        "budget": budget, "currency": options.currency, "per_fortnight": options.per_fortnight,
        "members": len(draft.plan.choice), "reachable": float(np.mean([begun for begun, _ in runs])),
        "policies": {name: _over([run[name] for _, run in runs]) for name in weeks.POLICIES},
    }  # fmt: skip
    write_json(params.results / FILE, found)
    write_text(params.results / PAGE, pages.weeks(found, params.report.language))
    return found


def _unlimited(draft: Draft) -> float:
    """What a plan would spend in a week without a budget."""
    return float(plan.make(draft.offers, draft.inputs.people.audience, draft.limits, draft.chance).cost.sum())


def _runs(params: Params, draft: Draft, count: int, seed: int) -> tuple[int, dict[str, list[weeks.Week]]]:
    """How many could be reached before the first week, and each policy's weeks with the same luck."""
    truth, state = weeks.world(params, draft, seed)
    return int((state.there & state.reachable).sum()), {
        name: list(weeks.run(draft, truth, state, policy, count, seed))
        for name, policy in weeks.POLICIES.items()
    }


def _over(runs: list[list[weeks.Week]]) -> PolicyRead:
    """A policy over seeds: curves, and what stands at the end; mean, least and most."""
    table = {
        "margin": np.cumsum([[week.margin for week in run] for run in runs], axis=1),
        "reachable": np.array([[week.reachable for week in run] for run in runs]),
        "blocked": np.array([[week.blocked for week in run] for run in runs]),
        "contacts": np.cumsum([[week.contacts for week in run] for run in runs], axis=1),
        "cost": np.cumsum([[week.cost for week in run] for run in runs], axis=1),
    }
    return {
        "curves": {name: _over_seeds(table[name]) for name in LINES},
        "end": {name: _over_seeds(part[:, -1]) for name, part in table.items()},
    }


def _over_seeds(values: np.ndarray) -> OverSeeds[Any]:
    """Mean, least and most of figures or curves of several seeds, shape (seeds,) or (seeds, weeks)."""
    ends = (values.mean(axis=0), values.min(axis=0), values.max(axis=0))
    value, low, high = (part.tolist() for part in ends)
    return {"value": value, "low": low, "high": high}


def text(found: WeeksRead) -> str:
    """Return what stands at the end as a table for people."""
    money = found["currency"] or ""
    lines = [
        f"{found['weeks']} weeks of {found['budget']:,.0f} {money} each, {found['members']:,} members, "
        f"{found['reachable']:,.0f} reachable; mean (least to most) of {found['seeds']} seeds",
        f"{'policy':10}{'margin':>32}{'reachable':>26}{'blocked':>9}{'contacts':>11}{'cost':>9}",
    ]
    for name, policy in found["policies"].items():
        end = policy["end"]
        margin, reachable = (_shown(end[line]) for line in LINES)
        plain = [f"{end[name]['value']:,.0f}" for name in ("blocked", "contacts", "cost")]
        lines.append(f"{name:10}{margin:>32}{reachable:>26}{plain[0]:>9}{plain[1]:>11}{plain[2]:>9}")
    return "\n".join(lines)


def _shown(found: OverSeeds[float]) -> str:
    return f"{found['value']:,.0f} ({found['low']:,.0f} to {found['high']:,.0f})"
