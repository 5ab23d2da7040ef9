"""Figures on profit."""

from training.reporting.charts.plot import BLUE, GREEN, GREY, INK, MUTED, ORANGE, Plot, percent_axis, whiskers
from training.results.report_money import Beside, Stated


def profit(section: Stated) -> str:
    """Draw the profit by share contacted: model with its band, the best simple method,
    random order, cut-off.
    """
    plot = Plot("profit", height=3.8)
    curves = section["curves"]
    share, model = curves["share"], curves["model"]
    plot.ax.axhline(0, color=MUTED, linewidth=0.9)
    plot.ax.axvspan(section["assumptions"]["capacity"], 1, color=GREY, alpha=0.12, linewidth=0)
    plot.ax.fill_between(share, model["low"], model["high"], color=BLUE, alpha=0.18, linewidth=0)
    plot.ax.plot(share, model["profit"], color=BLUE, label=plot.word("estimator.model"))
    plot.ax.plot(
        share, curves["simple"]["profit"], color=ORANGE, linestyle="--", label=plot.word("plot.simple")
    )
    plot.ax.plot(
        share, curves["random"], color=GREY, linewidth=1.2, linestyle=":", label=plot.word("plot.random")
    )
    plot.ax.axvline(section["chosen"], color=GREEN, linewidth=1.4)
    plot.ax.annotate(
        plot.word("plot.cut_off"), (section["chosen"], 0.97), xycoords=("data", "axes fraction"),
        xytext=(4, 0), textcoords="offset points", color=INK, va="top",
    )  # fmt: skip
    plot.ax.annotate(
        plot.word("plot.beyond_capacity"), (0.99, 0.03), xycoords="axes fraction", color=MUTED, ha="right"
    )
    plot.ax.set_xlim(0, 1)
    plot.ax.set_xlabel(plot.word("plot.share_contacted"))
    plot.ax.set_ylabel(plot.word("plot.profit", currency=section["assumptions"]["currency"]))
    percent_axis(plot.ax.xaxis)
    plot.ax.yaxis.set_major_formatter("{x:,.0f}")
    plot.ax.legend(loc="best")
    return plot.svg()


def tornado(section: Stated) -> str:
    """Draw the profit at the cut-off where one assumption is a quarter lower or higher."""
    plot = Plot("tornado", height=1.9)
    centre, rows = section["at"]["model"]["value"] or 0.0, section["tornado"][::-1]
    for y, row in enumerate(rows):
        for end, colour in ((row["low"], ORANGE), (row["high"], BLUE)):
            plot.ax.barh(y, end - centre, left=centre, height=0.5, color=colour, alpha=0.85)
    plot.ax.axvline(centre, color=INK, linewidth=1)
    plot.ax.set_yticks(range(len(rows)), [plot.word(f"economics.{row['name']}") for row in rows], color=INK)
    plot.ax.set_xlabel(plot.word("plot.profit", currency=section["assumptions"]["currency"]))
    plot.ax.xaxis.set_major_formatter("{x:,.0f}")
    plot.ax.grid(axis="y", visible=False)
    plot.ax.spines["left"].set_visible(False)
    from matplotlib.patches import Patch

    kinds = ((ORANGE, "plot.quarter_lower"), (BLUE, "plot.quarter_higher"))
    handles = [Patch(color=colour, label=plot.word(key)) for colour, key in kinds]
    plot.figure.legend(handles=handles, loc="outside upper right", ncols=2)
    return plot.svg()


def uplift(section: Beside) -> str:
    """Draw events gained by contacting the highest share: by uplift with its band,
    by probability, at random.
    """
    plot = Plot("uplift", height=3.2)
    first, second = (section["orders"][name]["curve"] for name in ("uplift", "propensity"))
    share, gain = [0.0, *first["share"]], [0.0, *first["gain"]]
    plot.ax.axhline(0, color=MUTED, linewidth=0.9)
    band = [0.0, *first["low"]], [0.0, *first["high"]]
    plot.ax.fill_between(share, *band, color=BLUE, alpha=0.18, linewidth=0)
    plot.ax.plot(share, gain, color=BLUE, label=plot.word("order.uplift"))
    plot.ax.plot(
        share, [0.0, *second["gain"]], color=ORANGE, linestyle="--", label=plot.word("order.propensity")
    )
    plot.ax.plot(
        [0, 1], [0, gain[-1]], color=GREY, linewidth=1.2, linestyle=":", label=plot.word("plot.random")
    )
    plot.ax.set_xlim(0, 1)
    plot.ax.set_xlabel(plot.word("plot.share_contacted"))
    plot.ax.set_ylabel(plot.word("plot.gained"))
    percent_axis(plot.ax.xaxis)
    plot.ax.legend(loc="upper left")
    return plot.svg()


def worth(section: Beside) -> str:
    """Draw the money expected and observed in each tenth by expected money, the highest first."""
    plot = Plot("worth", height=3.2)
    rows = section["tenths"]
    at, seen = [row["tenth"] for row in rows], [row["observed"] for row in rows]
    values = [found["value"] for found in seen]
    error = whiskers(values, [found["low"] for found in seen], [found["high"] for found in seen])
    plot.ax.bar(
        at, [row["expected"] for row in rows], color=GREY, alpha=0.45, label=plot.word("plot.expected_money")
    )
    plot.ax.errorbar(
        at, values, yerr=error, fmt="o", color=BLUE, capsize=2.5, label=plot.word("plot.observed_money")
    )
    plot.ax.set_xticks(at)
    plot.ax.set_xlabel(plot.word("plot.tenth_money"))
    plot.ax.set_ylabel(plot.word("plot.money", currency=section["worth"]["currency"] or ""))
    plot.ax.yaxis.set_major_formatter("{x:,.0f}")
    plot.ax.legend(loc="upper right")
    return plot.svg()
