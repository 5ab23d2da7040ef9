"""What a model must show before it serves, from a versioned file."""

from datetime import date
from pathlib import Path
from typing import Any

from features import unique_yaml
from training.io import read_json
from training.params import Params
from training.review.signoff import unsigned

GATES = Path(__file__).parent / "gates.yaml"
NOTHING_TO_BEAT = ("no_champion", "champion_same")


def check_gates(params: Params, name: str) -> list[dict[str, Any]]:
    """Every gate that the figures alone decide, with value, need and whether it is passed."""
    wanted = wanted_gates()
    metrics = read_json(params.results / name / "metrics.json")
    detail = read_json(params.results / name / "detail.json")
    positives, least = detail["positives"], wanted["data"]["positives"]
    ratio = metrics["rebased_expected_over_observed"]
    slack = wanted["calibration"]["expected_over_observed_within"]
    return [
        _gate("positives in the test", positives, f">= {least}", positives >= least),
        *_against_baselines(detail["differences"], wanted["baseline"]),
        _gate(
            "expected over observed, re-based monthly",
            ratio,
            f"within {slack:.0%} of 1",
            abs(ratio - 1) <= slack,
        ),
    ]


def release_gates(params: Params, name: str) -> list[dict[str, Any]]:
    """The same, and what is asked at the release: report, its checks, the champion, signatures."""
    out, roles = params.results / name, wanted_gates()["signoff"]["roles"]
    if not (out / "report.html").exists():
        return [*check_gates(params, name), _gate("report", False, "a report", False)]
    failed = read_json(out / "report.json")["sections"]["verdict"]["failed_checks"]
    missing = unsigned(params, name, roles, date.today()) if roles else []
    return [
        *check_gates(params, name),
        _gate("report", True, "a report", True),
        _gate("checks of the report", "; ".join(failed) or "none failed", "none failed", not failed),
        _against_champion(params, name),
        _gate("signatures", "; ".join(missing) or "none missing", str(roles), not missing),
    ]


def wanted_gates() -> dict[str, Any]:
    """What ``gates.yaml`` asks."""
    return unique_yaml.read(GATES)


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


def _against_champion(params: Params, name: str) -> dict[str, Any]:
    """The same over the model that serves; one whose features are gone cannot be asked, and that is said."""
    from training.reporting.sections.challenger import challenger
    from training.reporting.source import Source

    gate, found = "gain in average precision over the champion, lower end", challenger(Source(params, name))
    margin = wanted_gates()["champion"]["margin"]
    if found["assessed"]:
        low = found["difference"]["average_precision"]["low"]
        return _gate(gate, low, f"> {margin}", low is not None and low > margin)
    if found["reason"] in NOTHING_TO_BEAT:
        return _gate(gate, "no other champion", f"> {margin}", True)
    said = f"not comparable: {found['values']['n']} of its features are gone"
    return _gate(gate, said, f"> {margin}", True)


def _gate(name: str, value: Any, needs: str, passed: bool) -> dict[str, Any]:
    shown = round(value, 4) if isinstance(value, float) else value
    return {"gate": name, "value": shown, "needs": needs, "passed": bool(passed)}
