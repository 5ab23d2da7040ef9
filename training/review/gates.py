"""What a model must show before it serves, from a versioned file."""

from datetime import date
from pathlib import Path
from typing import Any

from training.data.artifacts import Tuned, read_artifact
from training.params import Params
from training.results.estimate import Measures
from training.results.evaluated import Detail, Metrics
from training.results.report_verdict import Gate
from training.review import gates_file
from training.review.signoff import rejected, signed_twice, unsigned

GATES = Path(__file__).parent / "gates.yaml"
NOTHING_TO_BEAT = ("no_champion", "champion_same")
ANSWERS = ("owner", "validator")  # whose approval stands in for a comparison that cannot be made


def check_gates(params: Params, name: str) -> list[Gate]:
    """Return every gate that the figures alone decide, with value, need and whether it is passed."""
    wanted = wanted_gates()
    metrics = read_artifact(Metrics, params.results / name)
    detail = read_artifact(Detail, params.results / name)
    positives, least = detail["positives"], wanted["data"]["positives"]
    frozen = params.release.level == "frozen"
    ratio = metrics["expected_over_observed"] if frozen else metrics["rebased_expected_over_observed"]
    slack = wanted["calibration"]["expected_over_observed_within"]
    return [
        _gate("positives in the test", positives, f">= {least}", positives >= least),
        *_against_baselines(detail["differences"], wanted["baseline"], _is_scorecard(params, name)),
        _gate(
            "expected over observed, as served",
            ratio,
            f"within {slack:.0%} of 1",
            ratio is not None and abs(ratio - 1) <= slack,
        ),
    ]


def release_gates(params: Params, name: str) -> list[Gate]:
    """Return the same, and what is asked at the release: report, its checks, the champion, signatures."""
    from training.reporting.build import Report
    from training.reporting.render import is_page_of
    from training.reporting.sections.verdict import verdict
    from training.reporting.source import one_of

    page = params.results / name / "report.html"
    if not page.exists():
        return [*check_gates(params, name), _gate("report", False, "a report", False)]
    report = read_artifact(Report, page.parent)
    failed = one_of(report["sections"], verdict)["failed_checks"]
    same = is_page_of(page.read_text(), report)
    return [
        *check_gates(params, name),
        _gate("report", True, "a report", True),
        _gate(
            "page of the report",
            "as report.json renders" if same else f"{page} is not what report.json renders to",
            "as report.json renders",
            same,
        ),
        _gate("checks of the report", "; ".join(failed) or "none failed", "none failed", not failed),
        *_against_champions(params, name),
        *_signatures(params, name, wanted_gates()["signoff"]),
    ]


def wanted_gates() -> dict[str, Any]:
    """Return what ``gates.yaml`` asks; ``ValueError`` where it cannot be read so."""
    return gates_file.read(GATES)


def _is_scorecard(params: Params, name: str) -> bool:
    return read_artifact(Tuned, params.build / name)["best"]["estimator"] == "logistic"


def _against_baselines(
    differences: dict[str, Measures], margins: dict[str, float], is_scorecard: bool
) -> list[Gate]:
    """Gain in average precision over each baseline.

    Rules must be beaten, and what is more complex than logistic regression must not miss it by more than the
    margin: so much has to be shown, which few rows cannot. A scorecard is logistic regression itself and no
    more complex; nothing simpler is there to serve in its place. It is refused where it is surely worse.
    """
    found = []
    for name, difference in differences.items():
        gain, margin = difference["average_precision"], margins.get(name, margins["default"])
        low, high = gain["low"], gain["high"]
        passed = low is not None and low > margin
        if is_scorecard and name == "logistic" and not passed:
            held = high is not None and high > 0
            found.append(_gate(f"gain in average precision over {name}, upper end", high, "> 0", held))
        else:
            found.append(
                _gate(f"gain in average precision over {name}, lower end", low, f"> {margin}", passed)
            )
    return found


def _signatures(params: Params, name: str, wanted: dict[str, Any]) -> list[Gate]:
    """No role rejects, no asked role is missing and, where asked, nobody signs for two."""
    against, roles = rejected(params, name), wanted["roles"]
    missing = unsigned(params, name, roles, date.today()) if roles else []
    found = [
        _gate("rejections", "; ".join(against) or "none", "none", not against),
        _gate("signatures", "; ".join(missing) or "none missing", str(roles), not missing),
    ]
    if wanted["four_eyes"]:
        twice = signed_twice(params, name)
        found.append(
            _gate("four eyes", "; ".join(twice) or "nobody signs twice", "one role a name", not twice)
        )
    return found


def _against_champions(params: Params, name: str) -> list[Gate]:
    """The same over the model that serves, and over the best that ever did."""
    from training.reporting.sections.challenger import best, challenger
    from training.reporting.source import Source

    source = Source(params, name)
    return [
        _against(params, name, "the champion", challenger(source)),
        _against(params, name, "the best champion so far", best(source)),
    ]


def _against(params: Params, name: str, whom: str, found: Any) -> Gate:
    """One whose features are gone cannot be asked: then somebody who answers for it must have approved."""
    gate, margin = f"gain in average precision over {whom}, lower end", wanted_gates()["champion"]["margin"]
    if found["assessed"]:
        low = found["difference"]["average_precision"]["low"]
        return _gate(gate, low, f"> {margin}", low is not None and low > margin)
    if found["reason"] in NOTHING_TO_BEAT:
        return _gate(gate, "no other champion", f"> {margin}", True)
    approved = len(unsigned(params, name, ANSWERS, date.today())) < len(ANSWERS)
    said = f"not comparable, {found['values']['n']} of its features are gone"
    said += "; approved" if approved else "; not approved"
    needs = f"> {margin}, or an approval of this report by {' or '.join(ANSWERS)}"
    return _gate(gate, said, needs, approved)


def _gate(name: str, value: Any, needs: str, passed: bool) -> Gate:
    shown = round(value, 4) if isinstance(value, float) else value
    return {"gate": name, "value": shown, "needs": needs, "passed": bool(passed)}
