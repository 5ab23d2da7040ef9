"""The figure on dissatisfaction."""

from training.reporting.charts.plot import BLUE, GREY, INK, MUTED, Plot, percent_axis, whiskers
from training.results.dissatisfaction import Dissatisfaction


def silence(section: Dissatisfaction) -> str:
    """Draw the difference in silence after a ticket of each kind, against like members."""
    rows = [(row["name"], row["silence"]) for row in section["subtopics"] if row["silence"] is not None]
    plot = Plot("silence", height=0.8 + 0.29 * max(len(rows), 1))
    at, values = list(range(len(rows)))[::-1], [found["value"] for _, found in rows]
    error = whiskers(values, [found["low"] for _, found in rows], [found["high"] for _, found in rows])
    colours = [BLUE if found["positives"] >= 100 else GREY for _, found in rows]
    plot.ax.axvline(0, color=MUTED, linewidth=1)
    for place, value, low, high, colour in zip(at, values, *error, colours, strict=True):
        plot.ax.errorbar(
            value,
            place,
            xerr=[[low], [high]],
            fmt="o",
            color=colour,
            markersize=5,
            capsize=2.5,
            linewidth=1.2,
        )
    names = [plot.twin(name["en"], name["zh"]) for name, _ in rows]
    plot.ax.set_yticks(at, names, color=INK)
    plot.ax.set_xlabel(plot.word("plot.silence"))
    percent_axis(plot.ax.xaxis)
    plot.ax.grid(axis="y", visible=False)
    plot.ax.spines["left"].set_visible(False)
    return plot.svg()
