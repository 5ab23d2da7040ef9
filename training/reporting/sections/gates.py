"""The gates of a release, and the status that follows from them and from the checks."""

from typing import Any

from training.reporting.source import Source
from training.reporting.words import said
from training.review.gates import check_gates

GAIN = "gain in average precision over "
NAMED = {
    "positives in the test": "gate.positives",
    "expected over observed, re-based monthly": "gate.ratio",
}


def gates(source: Source) -> dict[str, Any]:
    """Every gate with value, need and whether it is passed; those about this very file come at release."""
    found = [
        gate | {"gate": _named(gate["gate"]), "baseline": _baseline(gate["gate"])}
        for gate in check_gates(source.params, source.task)
    ]
    return {"assessed": True, "gates": found, "passed": all(gate["passed"] for gate in found)}


def _named(gate: str) -> dict[str, str]:
    """A gate's name in each language; what the catalogue of words lacks stays as it is."""
    if gate.startswith(GAIN):
        return said("gate.gain", baseline=said(f"estimator.{_baseline(gate)}"))
    return said(NAMED[gate]) if gate in NAMED else {"en": gate, "zh": gate}


def _baseline(gate: str) -> str | None:
    """Which baseline a gate is about."""
    return gate.removeprefix(GAIN).split(",")[0] if gate.startswith(GAIN) else None


def status(sections: dict[str, Any]) -> str:
    """``bad`` not recommended, ``warn`` with conditions, ``good`` recommended.

    A failed check for leaks, or a baseline that is not beaten as the gates ask, forbids; any other
    failed gate is a condition, and so is an owner who is not named.
    """
    failed = [check["check"] for check in sections["checks"]["checks"] if check["result"] == "bad"]
    beaten = [gate["passed"] for gate in sections["gates"]["gates"] if gate["baseline"]]
    if failed or not all(beaten):
        return "bad"
    return "good" if sections["gates"]["passed"] and owned(sections) else "warn"


def owned(sections: dict[str, Any]) -> bool:
    """Whether somebody is named who answers for the model's use."""
    return bool(sections["purpose"]["info"]["owner"])
