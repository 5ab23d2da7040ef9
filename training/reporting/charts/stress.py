"""The figure on robustness."""

from training.reporting.charts.plot import BLUE, GREY, INK, MUTED, Plot, whiskers
from training.results.estimate import FiniteEstimate
from training.results.report_figures import Robustness


def stress(section: Robustness) -> str:
    """Draw the AUC where one source is lost, values are shaken or categories unseen,
    against the model's.
    """
    lines = section["blanked"]
    plot = Plot("stress", height=0.9 + 0.3 * (len(lines) + 2))
    named: list[tuple[str, FiniteEstimate]] = [
        (plot.word("robustness.blanked", group=row["group"]), row) for row in lines
    ]
    named += [
        (plot.word("robustness.noise"), section["noise"]),
        (plot.word("robustness.unseen"), section["unseen"]),
    ]
    at, values = list(range(len(named)))[::-1], [row["value"] for _, row in named]
    error = whiskers(values, [row["low"] for _, row in named], [row["high"] for _, row in named])
    plot.ax.axvline(section["model"]["value"], color=INK, linewidth=1.2)
    plot.ax.axvspan(section["model"]["low"], section["model"]["high"], color=GREY, alpha=0.2, linewidth=0)
    plot.ax.axvline(0.5, color=MUTED, linewidth=1, linestyle=":")
    plot.ax.errorbar(values, at, xerr=error, fmt="o", color=BLUE, markersize=5, capsize=2.5, linewidth=1.2)
    plot.ax.set_yticks(at, [name for name, _ in named], color=INK)
    plot.ax.set_xlabel(plot.word("measure.auc"))
    plot.ax.grid(axis="y", visible=False)
    plot.ax.spines["left"].set_visible(False)
    return plot.svg()
