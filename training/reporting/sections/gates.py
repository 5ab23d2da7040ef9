"""The gates of a release, and the status that follows from them and from the checks."""

import re

from training.reporting.source import FEW_POSITIVES, Source
from training.reporting.words import number, of_task, said
from training.results.report import Filled, Gate, Gates, ShownGate, Status
from training.results.section import Words
from training.review.gates import check_gates

GAIN = "gain in average precision over "
WITHIN = re.compile(r"within (\d+)% of 1")
NAMED = {
    "positives in the test": "gate.positives",
    "expected over observed, as served": "gate.ratio",
}


def gates(source: Source) -> Gates:
    """Return every gate with value, need and whether it is passed.

    Those about this very file come at release.
    """
    found = [_told(gate, source.task) for gate in check_gates(source.params, source.task)]
    return {"assessed": True, "gates": found, "passed": all(gate["passed"] for gate in found)}


def _told(gate: Gate, task: str) -> ShownGate:
    """A gate with its name, value and need as they are read, name and need in each language."""
    value, needs = gate["value"], gate["needs"]
    words = said("gate.within", slack=near.group(1)) if (near := WITHIN.fullmatch(needs)) else None
    same = re.sub(r"-(?=\d)", "−", needs).replace(">=", "≥")
    told = number(value, 0 if isinstance(value, int) else 3) if isinstance(value, int | float) else value
    return {
        "gate": _named(gate["gate"], task),
        "value": value,
        "needs": needs,
        "passed": gate["passed"],
        "baseline": _baseline(gate["gate"]),
        "shown": "–" if told is None else told,
        "needs_words": words or {"en": same, "zh": same},
    }


def _named(gate: str, task: str) -> Words:
    """A gate's name in each language; what the catalogue of words lacks stays as it is."""
    if gate.startswith(GAIN):
        key = "gate.gain" if gate.endswith("lower end") else "gate.gain.scorecard"
        return said(key, baseline=said(f"estimator.{_baseline(gate)}"))
    return said(of_task(NAMED[gate], task)) if gate in NAMED else {"en": gate, "zh": gate}


def _baseline(gate: str) -> str | None:
    """Which baseline a gate is about."""
    return gate.removeprefix(GAIN).split(",")[0] if gate.startswith(GAIN) else None


def status(sections: Filled) -> Status:
    """Return ``bad`` not recommended, ``warn`` with conditions, ``good`` recommended.

    A failed check for leaks, or a baseline that is not beaten as the gates ask, forbids; any other
    failed gate, too few positives to judge, and an owner who is not named is a condition.
    """
    if _failed(sections) or any(gate["baseline"] for gate in _unpassed(sections)):
        return "bad"
    is_good = sections["gates"]["passed"] and owned(sections) and not _few(sections)
    return "good" if is_good else "warn"


def owned(sections: Filled) -> bool:
    """Tell whether somebody is named who answers for the model's use."""
    return bool(sections["purpose"]["info"]["owner"])


def reasons(sections: Filled) -> list[Words]:
    """Return everything that is not met, by name: failed checks and gates, too few positives,
    nobody who answers.
    """
    named = [said(f"check.{check}") for check in _failed(sections)]
    named += [gate["gate"] for gate in _unpassed(sections)]
    named += [said("check.few")] if _few(sections) else []
    return named if owned(sections) else [*named, said("verdict.unowned.short")]


def _failed(sections: Filled) -> list[str]:
    return [check["check"] for check in sections["checks"]["checks"] if check["result"] == "bad"]


def _unpassed(sections: Filled) -> list[ShownGate]:
    return [gate for gate in sections["gates"]["gates"] if not gate["passed"]]


def _few(sections: Filled) -> bool:
    return bool(sections["ranking"]["positives"] < FEW_POSITIVES)
