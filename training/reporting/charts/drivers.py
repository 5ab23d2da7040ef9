"""Figures on what drives the score."""

from typing import Any

import numpy as np

from models.phrases import value_words
from training.reporting.charts.plot import BLUE, GREY, INK, MUTED, ORANGE, Plot, whiskers
from training.results.report_reasons import CategoryDependence, Drivers
from training.results.section import Named

LONGEST = 46  # letters of a feature's name in a figure


def importance(section: Drivers) -> str:
    """Draw the mean absolute contribution of the strongest features, with intervals."""
    rows = section["features"][::-1]
    plot = Plot("importance", height=0.6 + 0.27 * len(rows))
    values = [row["value"] for row in rows]
    error = whiskers(values, [row["low"] for row in rows], [row["high"] for row in rows])
    plot.ax.barh(range(len(rows)), values, height=0.62, color=BLUE, alpha=0.85)
    plot.ax.errorbar(values, range(len(rows)), xerr=error, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2)
    plot.ax.set_yticks(range(len(rows)), [_name(plot, row) for row in rows], color=INK)
    plot.ax.set_xlabel(plot.word("plot.mean_contribution"))
    plot.ax.grid(axis="y", visible=False)
    plot.ax.spines["left"].set_visible(False)
    return plot.svg()


def _name(plot: Plot, row: Named, longest: int = LONGEST) -> str:
    short = row["en"] if len(row["en"]) <= longest else row["en"][: longest - 1].rstrip() + "…"
    return plot.twin(short, row["zh"])


def swarm(section: Drivers) -> str:
    """Draw every sampled row's contribution of each feature, coloured by how high the value is."""
    rows = section["features"][::-1]
    plot = Plot("swarm", height=0.9 + 0.34 * len(rows))
    colours = _colours()
    for y, row in enumerate(rows):
        dots = section["swarm"][row["name"]]
        x = np.array(dots["x"])
        known = np.array([rank is not None for rank in dots["rank"]])
        rank = np.array([0.5 if r is None else r for r in dots["rank"]])
        height = y + _spread(x)
        style = {"s": 7, "linewidths": 0, "rasterized": True, "alpha": 0.85}
        plot.ax.scatter(x[~known], height[~known], color=GREY, **style)
        plot.ax.scatter(x[known], height[known], c=rank[known], cmap=colours, vmin=0, vmax=1, **style)
    plot.ax.axvline(0, color=MUTED, linewidth=0.9)
    plot.ax.set_yticks(range(len(rows)), [_name(plot, row) for row in rows], color=INK)
    plot.ax.set_xlabel(plot.word("plot.contribution"))
    plot.ax.spines["left"].set_visible(False)
    _key(plot)
    return plot.svg()


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("low to high", [BLUE, "#b9b3c7", ORANGE])


def _key(plot: Plot) -> None:
    """What the colours mean."""
    from matplotlib.lines import Line2D

    kinds = ((BLUE, "plot.low_value"), (ORANGE, "plot.high_value"), (GREY, "plot.no_order"))
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour, markersize=5, label=plot.word(key))
        for colour, key in kinds
    ]
    plot.figure.legend(handles=handles, loc="outside upper right", ncols=3, handletextpad=0.2)


def _spread(x: np.ndarray) -> np.ndarray:
    """Vertical places of dots, wide where many lie close together, shape (dots,)."""
    if np.ptp(x) == 0:
        return np.zeros(len(x))
    part = np.floor((x - x.min()) / np.ptp(x) * 60).astype(int)
    counts = np.bincount(part)
    order = np.argsort(part, kind="stable")
    place = np.empty(len(x))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    place[order] = np.arange(len(x)) - np.repeat(starts, counts)
    side = np.where(place % 2 == 0, 1, -1) * np.ceil(place / 2)
    return 0.36 * side / max(counts.max() / 2, 6)


def dependence(section: Drivers) -> str:
    """Draw value against contribution of the strongest features, one small figure each."""
    curves = section["dependence"]
    lines = -(-len(curves) // 3)
    plot = Plot("dependence", height=2.25 * lines, nrows=lines, ncols=3)
    for ax, curve in zip(plot.axes.ravel(), curves, strict=False):
        if "categories" in curve:
            _categories(plot, ax, curve)
        else:
            ax.scatter(curve["x"], curve["y"], s=6, color=BLUE, alpha=0.4, linewidths=0, rasterized=True)
            ax.xaxis.get_major_locator().set_params(nbins=4)
        ax.axhline(0, color=MUTED, linewidth=0.9)
        ax.set_title(_name(plot, curve, 40), fontsize=8.5, color=INK, loc="left")
        ax.tick_params(labelsize=8)
    for ax in plot.axes.ravel()[len(curves) :]:
        ax.set_visible(False)
    for ax in plot.axes[:, 0]:
        ax.set_ylabel(plot.word("plot.contribution"), fontsize=8.5)
    return plot.svg()


def _categories(plot: Plot, ax: Any, curve: CategoryDependence) -> None:
    rows = curve["categories"]
    ax.bar(range(len(rows)), [row["contribution"] for row in rows], width=0.6, color=BLUE, alpha=0.85)
    words = [value_words("?" if row["value"] is None else str(row["value"])) for row in rows]
    names = [plot.twin(word["en"][:10], word["zh"][:10]) for word in words]
    ax.set_xticks(range(len(rows)), names, rotation=45, ha="right")
    ax.grid(axis="x", visible=False)
