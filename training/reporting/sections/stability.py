"""Whether the model holds in time."""

from training.reporting.source import Source, unassessed
from training.results.report_figures import Stability


def stability(source: Source) -> Stability:
    """Return the test by calendar month.

    The same recipe at rolling origins, where the history is long enough.
    """
    if not source.dated:
        return {**unassessed("undated"), "periods": [], "worst": None, "backtest": None}
    periods = source.detail["periods"]
    ranked = [(row["auc"]["value"], row) for row in periods if "auc" in row]
    judged = [(auc, row) for auc, row in ranked if auc is not None]
    worst = min(judged, key=lambda one: one[0], default=(None, None))[1]
    return {
        "assessed": True,
        "periods": periods,
        "worst": worst,
        "backtest": source.rolled if source.rolled["assessed"] else None,
    }
