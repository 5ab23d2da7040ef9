"""Figures on how good the scores are."""

from training.reporting.charts.plot import BLUE, GREY, INK, MUTED, ORANGE, Plot, percent_axis, whiskers
from training.results.report_figures import Calibration, Method, Ranking


def trials(section: Method) -> str:
    """Draw the value of every trial and the best so far."""
    plot = Plot("trials", height=2.6)
    done = [trial for trial in section["trials"] if trial["state"] == "COMPLETE"]
    numbers, values = [t["number"] + 1 for t in done], [t["value"] or 0.0 for t in done]
    best = [max(values[: at + 1]) for at in range(len(values))]
    plot.ax.plot(numbers, best, color=BLUE, drawstyle="steps-post", label=plot.word("plot.best_so_far"))
    plot.ax.scatter(numbers, values, s=22, color=GREY, zorder=3, label=plot.word("plot.trial"))
    plot.ax.set_xlabel(plot.word("plot.trial_number"))
    plot.ax.set_ylabel(plot.word("measure.average_precision"))
    plot.ax.xaxis.get_major_locator().set_params(integer=True)
    plot.ax.legend(loc="lower right")
    return plot.svg()


def gains(section: Ranking) -> str:
    """Draw the share of the events caught against the share of rows taken, model and best baseline."""
    plot = Plot("gains", height=3.8)
    model, other = section["curves"]["model"], section["curves"][section["baseline"]]
    plot.ax.fill_between(model["share"], model["low"], model["high"], color=BLUE, alpha=0.18, linewidth=0)
    plot.ax.plot(model["share"], model["capture"], color=BLUE, label=plot.word("estimator.model"))
    plot.ax.plot(
        other["share"],
        other["capture"],
        color=ORANGE,
        linestyle="--",
        label=plot.word(f"estimator.{section['baseline']}"),
    )
    plot.ax.plot([0, 1], [0, 1], color=GREY, linewidth=1.2, linestyle=":", label=plot.word("plot.random"))
    plot.ax.set_xlabel(plot.word("plot.share_taken"))
    plot.ax.set_ylabel(plot.word("plot.share_caught"))
    plot.ax.set(xlim=(0, 1), ylim=(0, 1.01))
    percent_axis(plot.ax.xaxis)
    percent_axis(plot.ax.yaxis)
    plot.ax.legend(loc="lower right")
    return plot.svg()


def deciles(section: Ranking) -> str:
    """Draw observed rate of each tenth with its interval, and what was predicted."""
    plot = Plot("deciles", height=3.2)
    rows = section["deciles"]
    at, rate = [row["decile"] for row in rows], [row["rate"] for row in rows]
    error = whiskers(rate, [row["rate_low"] for row in rows], [row["rate_high"] for row in rows])
    plot.ax.bar(at, rate, width=0.62, color=BLUE, alpha=0.85, label=plot.word("plot.observed"))
    plot.ax.errorbar(at, rate, yerr=error, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2.5)
    plot.ax.scatter(
        at,
        [row["expected"] for row in rows],
        marker="D",
        s=26,
        color=ORANGE,
        zorder=4,
        label=plot.word("plot.predicted"),
    )
    plot.ax.axhline(section["base_rate"], color=MUTED, linewidth=1.1, linestyle=":")
    plot.ax.annotate(
        plot.word("plot.base_rate"), (10.5, section["base_rate"]), ha="right", va="bottom", color=MUTED
    )
    plot.ax.set_xticks(at)
    plot.ax.set_xlabel(plot.word("plot.decile"))
    plot.ax.set_ylabel(plot.word("plot.rate"))
    plot.ax.grid(axis="x", visible=False)
    percent_axis(plot.ax.yaxis)
    plot.ax.legend(loc="upper right")
    return plot.svg()


def reliability(section: Calibration) -> str:
    """Draw observed against predicted rate in parts of equal size, over the spread of the scores."""
    plot = Plot("reliability", height=4.4, nrows=2, sharex=True, height_ratios=[3.4, 1])
    rows, (above, below) = section["parts"], plot.axes[:, 0]
    x, y = [row["expected"] for row in rows], [row["observed"] for row in rows]
    error = whiskers(y, [row["low"] for row in rows], [row["high"] for row in rows])
    top = min(1.0, 1.08 * max([*x, *(row["high"] for row in rows)]))
    above.plot([0, top], [0, top], color=GREY, linewidth=1.2, linestyle=":", label=plot.word("plot.perfect"))
    above.errorbar(
        x,
        y,
        yerr=error,
        fmt="o-",
        color=BLUE,
        markersize=5,
        linewidth=1.4,
        capsize=2.5,
        label=plot.word("plot.observed"),
    )
    above.set(xlim=(0, top), ylim=(0, top))
    above.set_ylabel(plot.word("plot.observed_rate"))
    above.legend(loc="upper left")
    edges = [(at + 0.5) / len(section["histogram"]) for at in range(len(section["histogram"]))]
    below.bar(edges, section["histogram"], width=0.9 / len(edges), color=BLUE, alpha=0.35)
    below.set_xlabel(plot.word("plot.predicted_rate"))
    below.set_ylabel(plot.word("plot.rows"))
    percent_axis(below.xaxis)
    percent_axis(above.yaxis)
    return plot.svg()


def roc(section: Ranking) -> str:
    """Draw true against false positive rate at every cut-off."""
    plot = Plot("roc", height=3.2)
    plot.ax.plot(section["roc"]["false"], section["roc"]["true"], color=BLUE)
    plot.ax.plot([0, 1], [0, 1], color=GREY, linewidth=1.2, linestyle=":")
    plot.ax.set(xlim=(0, 1), ylim=(0, 1.01))
    plot.ax.set_xlabel(plot.word("plot.false_rate"))
    plot.ax.set_ylabel(plot.word("plot.true_rate"))
    percent_axis(plot.ax.xaxis)
    percent_axis(plot.ax.yaxis)
    return plot.svg()
