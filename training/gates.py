"""What a model must show before it serves, from a versioned file."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from training.files import read_json
from training.params import Params
from training.signoff import unsigned

GATES = Path(__file__).parent / "gates.yaml"


def check_gates(params: Params, name: str) -> list[dict[str, Any]]:
    """Every gate with its value, what it needs and whether it is passed."""
    wanted = yaml.safe_load(GATES.read_text())
    metrics = read_json(params.results / name / "metrics.json")
    detail = read_json(params.results / name / "detail.json")
    report = params.results / name / "report.html"
    positives, least = detail["positives"], wanted["data"]["positives"]
    ratio = metrics["rebased_expected_over_observed"]
    slack = wanted["calibration"]["expected_over_observed_within"]
    roles = wanted["signoff"]["roles"]
    open_signatures = unsigned(params, name, roles, date.today()) if roles and report.exists() else []
    return [
        _gate("positives in the test", positives, f">= {least}", positives >= least),
        *_against_baselines(detail["differences"], wanted["baseline"]),
        _gate(
            "expected over observed, re-based monthly",
            ratio,
            f"within {slack:.0%} of 1",
            abs(ratio - 1) <= slack,
        ),
        _gate("report", report.exists(), "a report", report.exists()),
        _gate("signatures", "; ".join(open_signatures) or "none missing", str(roles), not open_signatures),
    ]


def _against_baselines(differences: dict[str, Any], margins: dict[str, float]) -> list[dict[str, Any]]:
    """Lower end of the gain in average precision over each baseline.

    Rules must be beaten. Logistic regression must not be missed by more than its margin: where the
    simple model is as good, the report says so, and the tree model may still serve.
    """
    found = []
    for name, difference in differences.items():
        low, margin = difference["average_precision"]["low"], margins.get(name, margins["default"])
        passed = low is not None and low > margin
        found.append(_gate(f"gain in average precision over {name}, lower end", low, f"> {margin}", passed))
    return found


def _gate(name: str, value: Any, needs: str, passed: bool) -> dict[str, Any]:
    shown = round(value, 4) if isinstance(value, float) else value
    return {"gate": name, "value": shown, "needs": needs, "passed": bool(passed)}
