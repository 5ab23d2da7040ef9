"""Figures of a brief and of a readout as the commands write them, made up: for tests of their pages."""

from typing import Any

from models.acting import plan_reasons


def estimate(
    value: float, low: float | None = None, high: float | None = None, **more: float
) -> dict[str, Any]:
    ends = {} if low is None else {"low": low, "high": high}
    return {"value": value} | ends | more


def told(**changed: Any) -> dict[str, Any]:
    """What ``plan.json`` says of a plan that is worth it and can be seen, in answers."""
    layer = {"name": "mature", "members": 600, "held_out": 30, "contacted": 300, "cost": 40.0}
    brings = estimate(700.0, 300.0, 900.0)
    row = {"name": "silent", "members": 20, "spend": 12.0, "brings": brings}
    cell = {"region": "west", "city_tier": "tier3", "customers": 90, "silent": 0.7, "others": 0.5,
            "worse": True, "there": {"members": 4, "spend": 3.0, "brings": brings}}  # fmt: skip
    held = {
        "share": 0.05, "members": 900, "held_out": 45, "rate_without": 0.04, "added": 0.07,
        "basis": "held out before", "explained": 0.3, "power": 0.91, "wanted_power": 0.8,
        "smallest_added": 0.06, "smallest_share": 0.03, "missed_answers": 3.0,
        "effects": [{"added": 0.07, "power": 0.91, "campaigns": 1, "days": 14, "missed": 3.0}],
    }  # fmt: skip
    curve = {"spend": [0.0, 50.0, 100.0, 150.0], "gain": [0.0, 4000.0, 6000.0, 6500.0],
             "low": [0.0, 3000.0, 4500.0, 4600.0], "high": [0.0, 5000.0, 7500.0, 8000.0]}  # fmt: skip
    made: dict[str, Any] = {
        "name": "spring", "data": "brand", "day": "2026-07-01", "sent": False, "unit": "answers",
        "currency": "CNY", "members": 1200, "contacted": 855, "cared": 3,
        "not_scored_why": [{"en": "refused marketing", "zh": "拒绝营销", "n": 77}],
        "scores_of": "2026-07-01", "scores_days": 0,
        "by_reason": {"sent": 855, "held_out": 45, "capped": 300},
        "prices": {"budget": 7.0, "option": {}, "channel": {}},
        "budget": 100.0, "cost": 98.0,
        "expected": {"answers": estimate(100.0, 80.0, 120.0), "gain": estimate(6000.0, 4500.0, 7500.0),
                     "net": estimate(5902.0, 4402.0, 7402.0), "campaigns": 12},
        "curve": curve, "gap": 0.0001, "holdout": held, "worth_of_an_answer": 60.0,
        "stated": {"owner": "Somebody", "date": "2026-06-01"},
        "layers": {
            "stage": {"rows": [layer | {"answers": estimate(50.0, 40.0, 60.0)}], "small": 7},
            "channel": {"rows": [{"name": "sms", "contacted": 855, "cost": 98.0,
                                  "answers": estimate(100.0, 80.0, 120.0)}], "small": 0},
        },
        "next": {"step": 1000.0, "cared": 0, "members": 20, "spend": 12.0, "brings": brings,
                 "by": {"stage": [row]}},
        "diagnosis": [cell], "models": {"response": "0123456789abcdef", "champion": "1"},
        "window_days": 14, "options": "experiments/options.yaml", "list_sha256": "f" * 64,
    } | changed  # fmt: skip
    return made | {"left_out": plan_reasons.left_out(made), "limits": plan_reasons.limits(made)}


def found(**changed: Any) -> dict[str, Any]:
    """What ``readout.json`` says of a campaign that brought more than it cost, read once, in time."""
    group = {"members": 300, "held_answers": 9.0, "answers": estimate(30.0, 12.0, 48.0, each=0.1),
             "margin": estimate(1800.0, 700.0, 2900.0, each=6.0)}  # fmt: skip
    return {
        "name": "spring", "data": "brand", "day": "2026-07-01", "unit": "answers", "currency": "CNY",
        "window_days": 14, "worth_of_an_answer": 60.0, "days": 15, "looks": 1,
        "stated": ["subject", "contacted", "answered", "margin", "cost", "opted_out"],
        "members": 900, "held_out": 45, "held_answers": 9.0,
        "answers": estimate(70.0, 40.0, 100.0, each=0.08), "plain": estimate(71.0, 39.0, 103.0, each=0.08),
        "margin": estimate(4200.0, 2400.0, 6000.0, each=4.9),
        "net": estimate(4102.0, 2302.0, 5902.0, each=4.8),
        "opt_outs": estimate(2.0, -3.0, 7.0, each=0.002), "variance_left": 0.9, "predicted": 100.0,
        "realised": {"answers": 95.0, "predicted": 99.0}, "cost": 98.0,
        "contacted_though_held_out": 0, "not_contacted": 4,
        "groups": {"stage": {"silent": group, "mature": group, "lost": None},
                   "region": {"unknown": group}},
        "warnings": [],
    } | changed  # fmt: skip
