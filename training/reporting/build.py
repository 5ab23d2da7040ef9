"""``report.json``: every section in the order of the report, a pure function of the stage files."""

from typing import cast

from features import consent
from models.task import task as task_named
from training.reporting.info import Info
from training.reporting.sections.calibration import calibration
from training.reporting.sections.checks import checks
from training.reporting.sections.data import data
from training.reporting.sections.dissatisfaction import dissatisfaction
from training.reporting.sections.drift import drift
from training.reporting.sections.drivers import drivers
from training.reporting.sections.economics import economics
from training.reporting.sections.examples import examples
from training.reporting.sections.gates import gates, owned, reasons, status
from training.reporting.sections.groups import groups
from training.reporting.sections.lineage import lineage
from training.reporting.sections.method import method
from training.reporting.sections.monitoring import monitoring
from training.reporting.sections.purpose import purpose
from training.reporting.sections.ranking import ranking
from training.reporting.sections.rights import rights
from training.reporting.sections.robustness import robustness
from training.reporting.sections.stability import stability
from training.reporting.sections.today import today
from training.reporting.source import FEW_POSITIVES, Source
from training.reporting.words import joined, said, strings
from training.results.estimate import ENDS, Estimate
from training.results.report import (
    Filled,
    FirstScreen,
    Gap,
    Limitations,
    Limited,
    Mark,
    Marks,
    Profit,
    Report,
    Sections,
    Verdict,
)
from training.results.report_money import Economics
from training.results.section import Unassessed

SCHEMA = 1
ORDER = (
    "verdict", "purpose", "today", "data", "checks", "method", "ranking", "calibration", "economics",
    "stability", "drift", "groups", "drivers", "examples", "challenger", "robustness", "monitoring",
    "rights", "limitations", "lineage", "gates", "dissatisfaction",
)  # fmt: skip


def build(source: Source, info: Info) -> Report:
    """Return the whole report as plain data, without what hangs on the registry:
    ``challenger`` stands beside it.
    """
    filled: Filled = {
        "purpose": purpose(source, info),
        "today": (listed := today(source)),
        "data": (told := data(source)),
        "checks": checks(source, listed, told.get("sample")),
        "method": method(source),
        "ranking": ranking(source),
        "calibration": calibration(source),
        "economics": economics(source),
        "stability": stability(source),
        "drift": drift(source),
        "groups": groups(source),
        "drivers": drivers(source),
        "examples": examples(source),
        "robustness": robustness(source),
        "monitoring": monitoring(source, info),
        "rights": rights(source, info),
        "lineage": lineage(source),
        "gates": gates(source),
        "dissatisfaction": dissatisfaction(source),
    }
    limited: Limited = {**filled, "limitations": limitations(filled)}
    sections: Sections = {**limited, "verdict": verdict(source, limited)}
    return {
        "schema": SCHEMA,
        "task": source.task,
        "data": source.params.data,
        "extracted_at": source.facts["extracted_at"],
        "sections": cast(Sections, dict(sorted(sections.items(), key=lambda one: ORDER.index(one[0])))),
    }


def limitations(sections: Filled) -> Limitations:
    """Return what was not assessed and what failed, in words of the catalogue."""
    left: list[Gap] = [
        {"section": name, "reason": found["reason"], "values": found["values"]}
        for name, found in cast(dict[str, Unassessed], sections).items()
        if not found["assessed"]
    ]
    money = sections["economics"]
    if money["assessed"] and money["assumptions"] is None:
        left.append({"section": "economics", "reason": "no_economics", "values": {}})
    if money["assessed"] and (effect := money["uplift"]["reason"]) in ("few_held_out", "arm_not_random"):
        left.append({"section": "economics", "reason": effect, "values": {}})
    if sections["stability"]["assessed"] and not sections["stability"]["backtest"]:
        left.append({"section": "stability", "reason": "no_backtest", "values": {}})
    failed = [check["check"] for check in sections["checks"]["checks"] if check["result"] == "bad"]
    unrun = [check["check"] for check in sections["checks"]["checks"] if check["result"] == "unrun"]
    warned = [check["check"] for check in sections["checks"]["checks"] if check["result"] == "warn"]
    return {"assessed": True, "unassessed": left, "failed": failed, "warned": warned, "unrun": unrun}


def verdict(source: Source, sections: Limited) -> Verdict:
    """Return the first screen: status, five figures, what is not met."""
    detail = source.detail
    model, gain = detail["estimators"]["model"], detail["differences"][detail["best_baseline"]]
    found: FirstScreen = {
        "assessed": True,
        "status": status(sections),
        "n": detail["n"],
        "positives": detail["positives"],
        "subjects": detail["subjects"],
        "base_rate": detail["base_rate"],
        "from": source.facts["splits"]["test"]["from"],
        "to": source.facts["splits"]["test"]["to"],
        "not_whom": _not_whom(source),
        "why": joined(reasons(sections)),
        "lift": model["lift_10"],
        "possible": possible_lift(detail["base_rate"]),
        "top": _rate(model["lift_10"], detail["base_rate"]),
        "capture": model["capture_10"],
        "capture_20": model["capture_20"],
        "ratio": sections["calibration"]["ratio"],
        "worst": sections["stability"]["worst"],
        "profit": _profit(sections["economics"]),
        "gain": gain["average_precision"],
        "baseline": detail["best_baseline"],
        "suspects": next(
            (line["feature"] for line in source.audited["checks"] if line["check"] == "suspects"), ""
        ),
        "unowned": not owned(sections),
        "clear": (gain["average_precision"]["low"] or 0) > 0,
        "failed_checks": sections["limitations"]["failed"],
        "failed_gates": [gate for gate in sections["gates"]["gates"] if not gate["passed"]],
    }
    return {**found, "marks": marks(found)}


def possible_lift(base_rate: float, share: float = 0.1) -> float:
    """Return the highest lift of a share of the list that the base rate allows.

    Examples
    --------
    >>> possible_lift(0.02), round(possible_lift(0.61), 2)
    (10.0, 1.64)
    """
    return min(1 / share, 1 / base_rate)


def _rate(lift: Estimate, base_rate: float) -> Estimate:
    """A lift as the rate that it is of the chosen."""
    value, low, high = (None if (at := lift[end]) is None else min(at * base_rate, 1.0) for end in ENDS)
    return {"value": value, "low": low, "high": high}


def _not_whom(source: Source) -> dict[str, str]:
    """Whom the model is not for, in words: beyond the task's boundaries, and who may not be scored."""
    found = [{"en": boundary.en, "zh": boundary.zh} for boundary in source.model.boundaries]
    own = f"verdict.not_whom.{source.task}"
    found += [said(own)] if own in strings() else []
    kept = task_named(source.task).subject in consent.KINDS
    return joined([*found, said("verdict.not_whom.refused")] if kept else found)


def _profit(found: Economics) -> Profit | None:
    """Profit at the cut-off, and what it brings more than the best simple method; None where not assessed."""
    if not found["assessed"] or found["assumptions"] is None:
        return None
    return {
        **found["at"]["model"],
        "gain": {**found["at"]["gain"], "months": found["months"]},
        "baseline": found["baseline"],
        "measured": found["measured"],
        "currency": found["assumptions"]["currency"],
    }


def marks(found: FirstScreen) -> Marks:
    """Tick, exclamation mark or cross of each card; nothing is met on too few positives."""
    worst = found["worst"]["positives"] if found["worst"] else 0

    def sure(mark: Mark, positives: int) -> Mark:
        return "few" if mark == "good" and positives < FEW_POSITIVES else mark

    seen = _marks(found)
    return {
        "lift": sure(seen["lift"], found["positives"]),
        "capture": sure(seen["capture"], found["positives"]),
        "ratio": sure(seen["ratio"], found["positives"]),
        "profit": sure(seen["profit"], found["positives"]),
        "worst": sure(seen["worst"], worst),
    }


def _marks(found: FirstScreen) -> Marks:
    """A lift is met at 1.5, or half of the way to the highest that is possible."""
    wanted = min(1.5, 1 + (found["possible"] - 1) / 2)
    low, high = found["lift"]["low"], found["lift"]["value"] or 0.0
    apart = abs((found["ratio"]["value"] or 0) - 1)
    profit = found["profit"]
    worst = found["worst"]["auc"]["low"] if found["worst"] else None
    return {
        "lift": "bad" if low is None or low <= 1 else "good" if high >= wanted else "warn",
        "capture": "bad" if (found["capture_20"]["low"] or 0) <= 0.2 else "good",
        "ratio": "good" if apart <= 0.1 else "warn" if apart <= 0.25 else "bad",
        "profit": "none" if profit is None else _profit_mark(profit),
        "worst": "none" if worst is None else "bad" if worst <= 0.5 else "good",
    }


def _profit_mark(profit: Profit) -> Mark:
    gain = profit["gain"]
    if (profit["value"] or 0) <= 0 or (gain["high"] or 0) < 0:
        return "bad"
    return "good" if (profit["low"] or 0) > 0 and (gain["low"] or 0) > 0 else "warn"
