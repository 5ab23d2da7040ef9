"""The gates of a release that the figures alone decide."""

import re

from training.reporting.source import Source
from training.reporting.words import number, of_task, said
from training.results.report_verdict import Gate, Gates, ShownGate
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
