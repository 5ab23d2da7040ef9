"""The first screen: recommended or not, five figures with their marks, and what is not met."""

from features import consent
from models.task import task as task_named
from training.reporting.sections.calibration import calibration
from training.reporting.sections.checks import with_result
from training.reporting.sections.economics import economics
from training.reporting.sections.gates import gates
from training.reporting.sections.purpose import purpose
from training.reporting.sections.ranking import ranking
from training.reporting.sections.stability import stability
from training.reporting.source import FEW_POSITIVES, Source
from training.reporting.words import joined, said, strings
from training.results.estimate import ENDS, Estimate, direction
from training.results.report_money import Economics
from training.results.report_verdict import FirstScreen, Mark, Marks, Profit, ShownGate, Status, Verdict
from training.results.section import Words


def verdict(source: Source) -> Verdict:
    """Return the first screen: status, five figures, what is not met."""
    detail = source.detail
    model = detail["estimators"]["model"]
    gain = detail["differences"][detail["best_baseline"]]["average_precision"]
    found: FirstScreen = {
        "assessed": True,
        "status": status(source),
        "n": detail["n"],
        "positives": detail["positives"],
        "subjects": detail["subjects"],
        "base_rate": detail["base_rate"],
        "from": source.facts["splits"]["test"]["from"],
        "to": source.facts["splits"]["test"]["to"],
        "not_whom": _not_whom(source),
        "why": joined(reasons(source)),
        "lift": model["lift_10"],
        "possible": possible_lift(detail["base_rate"]),
        "top": _rate(model["lift_10"], detail["base_rate"]),
        "capture": model["capture_10"],
        "capture_20": model["capture_20"],
        "ratio": source.section(calibration)["ratio"],
        "worst": source.section(stability)["worst"],
        "profit": _profit(source.section(economics)),
        "gain": gain,
        "baseline": detail["best_baseline"],
        "suspects": next(
            (line["feature"] for line in source.audited["checks"] if line["check"] == "suspects"), ""
        ),
        "unowned": not owned(source),
        "gained": direction(gain["low"], gain["high"]),
        "failed_checks": with_result(source, "bad"),
        "failed_gates": _unpassed(source),
    }
    return {**found, "marks": marks(found)}


def status(source: Source) -> Status:
    """Return ``bad`` not recommended, ``warn`` with conditions, ``good`` recommended.

    A failed check for leaks, or a baseline that is not beaten as the gates ask, forbids; any other
    failed gate, too few positives to judge, and an owner who is not named is a condition.
    """
    if with_result(source, "bad") or any(gate["baseline"] for gate in _unpassed(source)):
        return "bad"
    is_good = source.section(gates)["passed"] and owned(source) and not _few(source)
    return "good" if is_good else "warn"


def owned(source: Source) -> bool:
    """Tell whether somebody is named who answers for the model's use."""
    return bool(source.section(purpose)["info"]["owner"])


def reasons(source: Source) -> list[Words]:
    """Return everything that is not met, by name: failed checks and gates, too few positives,
    nobody who answers.
    """
    named = [said(f"check.{check}") for check in with_result(source, "bad")]
    named += [gate["gate"] for gate in _unpassed(source)]
    named += [said("check.few")] if _few(source) else []
    return named if owned(source) else [*named, said("verdict.unowned.short")]


def _unpassed(source: Source) -> list[ShownGate]:
    return [gate for gate in source.section(gates)["gates"] if not gate["passed"]]


def _few(source: Source) -> bool:
    return bool(source.section(ranking)["positives"] < FEW_POSITIVES)


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
    gain, months = profit["gain"], profit["gain"]["months"]
    if (profit["value"] or 0) <= 0 or (gain["high"] or 0) < 0:
        return "bad"
    lasts = months is None or months["gained"] == "more"
    return "good" if (profit["low"] or 0) > 0 and (gain["low"] or 0) > 0 and lasts else "warn"
