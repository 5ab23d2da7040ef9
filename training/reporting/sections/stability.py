"""Whether the model holds in time."""

from typing import Any

from training.reporting.source import Source, unassessed


def stability(source: Source) -> dict[str, Any]:
    """The test by calendar month; the same recipe at rolling origins, where the history is long enough."""
    if not source.dated:
        return unassessed("undated") | {"periods": [], "worst": None, "backtest": None}
    periods = source.detail["periods"]
    judged = [row for row in periods if row.get("auc", {}).get("value") is not None]
    worst = min(judged, key=lambda row: row["auc"]["value"], default=None)
    return {
        "assessed": True,
        "periods": periods,
        "worst": worst,
        "backtest": source.rolled if source.rolled["assessed"] else None,
    }
