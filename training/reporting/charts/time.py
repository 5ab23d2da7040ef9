"""Figures along time."""

from typing import Final, Literal

from training.reporting.charts.plot import BLUE, GREY, MUTED, ORANGE, PURPLE, Plot, percent_axis, whiskers
from training.results.backtested import Mode
from training.results.report_data import Data
from training.results.report_figures import Ranking, Stability

DAY = 86_400
COLOURS = {"train": BLUE, "valid": PURPLE, "test": ORANGE}

JUDGED: Final[tuple[tuple[Literal["auc", "expected_over_observed"], float], ...]] = (
    ("auc", 0.5), ("expected_over_observed", 1.0),
)  # fmt: skip
STYLES: Final[tuple[tuple[Mode, str, str, float], ...]] = (
    ("refitted", BLUE, "o-", -0.06), ("frozen", ORANGE, "D--", 0.06),
)  # fmt: skip


def timeline(section: Data) -> str:
    """Draw when each part is asked, and until when its outcome windows run."""
    import matplotlib.dates as dates

    plot = Plot("timeline", height=2.0)
    parts = section["moments"]
    for place, part in enumerate(parts):
        first, last, end = (_days(part[key]) for key in ("first", "last", "end"))
        y = len(parts) - place
        plot.ax.barh(y, max(last - first, 1), left=first, height=0.46, color=COLOURS[part["split"]])
        plot.ax.barh(
            y, end - last, left=last, height=0.46, facecolor="none", edgecolor=COLOURS[part["split"]],
            hatch="////", linewidth=0.8,
        )  # fmt: skip
    plot.ax.set_yticks(
        range(1, len(parts) + 1), [plot.word(f"split.{part['split']}") for part in reversed(parts)]
    )
    plot.ax.grid(axis="y", visible=False)
    months = (parts[-1]["end"] - parts[0]["first"]) / (30 * DAY)
    every = dates.MonthLocator(interval=max(1, round(months / 6)))  # type: ignore[no-untyped-call]
    plot.ax.xaxis.set_major_locator(every)
    plot.ax.xaxis.set_major_formatter(dates.DateFormatter("%Y-%m"))  # type: ignore[no-untyped-call]
    plot.ax.spines["left"].set_visible(False)
    return plot.svg()


def _days(moment: int) -> float:
    return moment / DAY


def periods(section: Stability) -> str:
    """Draw the AUC, and observed against predicted rate, month by month."""
    plot = Plot("periods", height=2.8, ncols=2)
    rows = [row for row in section["periods"] if row.get("auc", {}).get("value") is not None]
    at = list(range(len(rows)))
    left, right = plot.axes[0]
    values = [row["auc"]["value"] for row in rows]
    error = whiskers(values, [row["auc"]["low"] for row in rows], [row["auc"]["high"] for row in rows])
    left.errorbar(at, values, yerr=error, fmt="o-", color=BLUE, markersize=5, linewidth=1.4, capsize=2.5)
    left.axhline(0.5, color=GREY, linewidth=1.1, linestyle=":")
    left.set_ylabel(plot.word("measure.auc"))
    right.plot(at, [row["rate"] for row in rows], "o-", color=BLUE, label=plot.word("plot.observed"))
    right.plot(at, [row["expected"] for row in rows], "D--", color=ORANGE, label=plot.word("plot.predicted"))
    right.set_ylim(bottom=0)
    right.set_ylabel(plot.word("plot.rate"))
    percent_axis(right.yaxis)
    right.legend(loc="lower left")
    shown = at[:: max(1, len(at) // 6)]
    for ax in (left, right):
        ax.set_xticks(shown, [rows[place]["period"] for place in shown], color=MUTED)
        ax.margins(x=0.08)
    return plot.svg()


def backtest(section: Stability) -> str:
    """Draw the AUC at rolling origins, refitted at each and frozen at the first,
    and expected over observed.
    """
    plot = Plot("backtest", height=2.9, ncols=2)
    rows = section["backtest"]["origins"] if section["backtest"] else []
    at = list(range(len(rows)))
    for ax, (metric, level) in zip(plot.axes[0], JUDGED, strict=True):
        for mode, colour, style, shift in STYLES:
            found = [row[mode][metric] for row in rows]
            values = [one["value"] for one in found]
            error = whiskers(values, [one["low"] for one in found], [one["high"] for one in found])
            ax.errorbar(
                [place + shift for place in at], values, yerr=error, fmt=style, color=colour, markersize=5,
                linewidth=1.4, capsize=2.5, label=plot.word(f"plot.{mode}"),
            )  # fmt: skip
        ax.axhline(level, color=GREY, linewidth=1.1, linestyle=":")
        ax.set_ylabel(plot.word(f"measure.{metric}"))
        ax.set_xticks(at, [row["origin"][:7] for row in rows], color=MUTED)
        ax.margins(x=0.08)
    plot.ax.legend(loc="best")
    return plot.svg()


def timing(section: Ranking) -> str:
    """Draw the share of rows whose event has come, by days after the question and part of the list."""
    plot = Plot("timing", height=3.0)
    if (found := section["timing"]) is None:
        raise ValueError("no times of events to draw")
    styles = {"first": (ORANGE, "-"), "second": (PURPLE, "--"), "third": (BLUE, "-.")}
    for line in found["lines"]:
        colour, style = styles[line["part"]]
        plot.ax.plot(
            found["days"],
            line["share"],
            color=colour,
            linestyle=style,
            label=plot.word(f"timing.{line['part']}"),
        )
    if found["gap"]:
        plot.ax.axvspan(0, found["gap"], color=GREY, alpha=0.15, linewidth=0)
    plot.ax.set(xlim=(0, found["days"][-1]), ylim=(0, None))
    plot.ax.set_xlabel(plot.word("plot.days_after"))
    plot.ax.set_ylabel(plot.word("plot.bought" if found["absent"] else "plot.event_came"))
    percent_axis(plot.ax.yaxis)
    plot.ax.legend(loc="upper left")
    return plot.svg()
