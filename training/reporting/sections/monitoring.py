"""What is watched once the model serves: measure, rhythm, limits, who acts."""

from training.reporting.sections.drift import AMBER, RED
from training.reporting.source import Source
from training.results.report_duties import Monitoring, Watch

VALID_DAYS = 365  # an approval lasts a year unless its signature says less


def monitoring(source: Source) -> Monitoring:
    """Return the plan, its limits taken from the test and the gates."""
    spine, model = source.facts["spine"], source.detail["estimators"]["model"]
    lift = model["lift_10"]
    rows: list[Watch] = [
        {"name": "psi", "rhythm": "weekly", "amber": f"≥ {AMBER}", "red": f"≥ {RED}"},
        {"name": "unknown", "rhythm": "daily", "amber": "+1 pp", "red": "+5 pp"},
        {"name": "expected", "rhythm": "weekly", "amber": "±10 %", "red": "±25 %"},
        {"name": "lift", "rhythm": "matured", "amber": _below(lift["low"]), "red": "≤ 1.00"},
        {"name": "ratio", "rhythm": "matured", "amber": "0.90–1.10", "red": "0.75–1.25"},
        {"name": "refusals", "rhythm": "daily", "amber": "–", "red": "> 0"},
        {"name": "latency", "rhythm": "daily", "amber": "150 ms", "red": "1.5 s"},
        {"name": "age", "rhythm": "monthly", "amber": str(VALID_DAYS - 60), "red": str(VALID_DAYS)},
    ]
    return {
        "assessed": True,
        "rows": rows,
        "owner": source.info.owner,
        "delay": spine["gap"] + spine["days"] + spine.get("grace", 0),
        "control": _control(source),
        "valid_days": VALID_DAYS,
    }


def _below(low: float | None) -> str:
    return "–" if low is None else f"< {low:.2f}"


def _control(source: Source) -> float | None:
    """Return the share of contacts held out at random, where there are arms."""
    rows = source.every_row
    return None if "arm" not in rows.columns else float((rows["arm"] == "control").mean())
