"""matplotlib figures as inline SVG: text stays text, in both languages, the same bytes every time."""

import re
from collections.abc import Sequence
from html import escape
from io import StringIO
from typing import Any

from training.reporting.words import minus, said

INK, MUTED, GRID = "#1c2430", "#5b6675", "#e6eaef"
# Okabe and Ito 2008: told apart by people who see colours otherwise, too.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#8F5A92", "#8a94a3"
STYLE: Any = {
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.edgecolor": "#c5ccd6",
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 2,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


class Plot:
    """One figure; its English words are drawn, and each gets its Chinese twin in the SVG.

    Parameters
    ----------
    name
        Unique in the report; keeps the ids of its parts apart from those of other plots.
    width, height
        Inches; the page scales the whole.
    """

    def __init__(self, name: str, width: float = 8.4, height: float = 3.4, **grid: Any) -> None:
        from matplotlib.figure import Figure

        self.name, self._twins = name, dict[str, str]()
        self.figure = Figure(figsize=(width, height), layout="constrained")
        self.axes = self.figure.subplots(squeeze=False, **grid)

    @property
    def ax(self) -> Any:
        """The only, or the first, axes."""
        return self.axes[0, 0]

    def word(self, key: str, **values: Any) -> str:
        """Return the English text of ``key`` for drawing; its Chinese twin is remembered."""
        texts = said(key, **values)
        return self.twin(texts["en"], texts["zh"])

    def twin(self, en: str, zh: str) -> str:
        """Return ``en`` for drawing; ``zh`` is remembered as its twin."""
        self._twins[escape(en, quote=False)] = escape(zh, quote=False)
        return en

    def svg(self) -> str:
        """Return the figure as an SVG element that can stand in a page."""
        import matplotlib as mpl

        out = StringIO()
        with mpl.rc_context({"svg.hashsalt": self.name}):
            self.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, dpi=120)
        text = out.getvalue()
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
        text = re.sub(r'<g id="[^"]*"', "<g", text)
        text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
        text = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", text, count=1)
        text = re.sub(r'(<svg [^>]*?)height="[^"]*"', r"\1", text, count=1)
        text = re.sub(r"font: [0-9.]+px [^;\"]*", _font_size, text)
        return re.sub(r"<text( [^>]*)>([^<]*)</text>", self._both, text).strip()

    def _both(self, found: "re.Match[str]") -> str:
        attributes, text = found.groups()
        if text not in self._twins or self._twins[text] == text:
            return found.group(0)
        english = f'<text lang="en"{attributes}>{text}</text>'
        return f'{english}<text lang="zh-CN"{attributes}>{self._twins[text]}</text>'


def _font_size(found: "re.Match[str]") -> str:
    """Keep the size; the family is the page's."""
    size = re.search(r"[0-9.]+px", found.group(0))
    return f"font-size: {size.group(0)}" if size else found.group(0)


Ends = Sequence[float | None]


def whiskers(values: Ends, lows: Ends, highs: Ends) -> list[list[float]]:
    """Return lengths of error bars below and above.

    None where an end is unknown, or rounding puts it beyond.
    """
    return [
        [0.0 if start is None or end is None else max(end - start, 0.0) for start, end in pairs]
        for pairs in (zip(lows, values, strict=True), zip(values, highs, strict=True))
    ]


def percent_axis(axis: Any, places: int = 0) -> None:
    """Tick labels of a share of 1 as per cent."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{minus(f'{100 * value:.{places}f}')} %"))
