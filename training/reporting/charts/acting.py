"""Figures of a campaign's brief and readout, and of policies week after week."""

from collections.abc import Sequence

from models.acting.documents import Curve
from training.reporting.charts.plot import BLUE, GREEN, GREY, INK, MUTED, ORANGE, STYLE, Plot, whiskers
from training.results.campaign import GroupAnswers
from training.results.estimate import ENDS
from training.results.weeks import WeeksRead

__all__ = ["STYLE", "curve", "groups", "weeks"]
LINES = {"plan": (BLUE, "-"), "rested": (GREEN, "-."), "top_p": (ORANGE, "--")}


def curve(found: Curve, spent: float, currency: str, added: bool) -> str:
    """Draw what each budget should bring, with its band where there is one, and the plan's own spend."""
    plot = Plot("curve", height=3.6)
    if "low" in found:
        plot.ax.fill_between(found["spend"], found["low"], found["high"], color=BLUE, alpha=0.18, linewidth=0)
    plot.ax.plot(found["spend"], found["gain"], color=BLUE)
    plot.ax.axvline(spent, color=GREEN, linewidth=1.4)
    plot.ax.annotate(
        plot.word("plot.this_plan"), (spent, 0.04), xycoords=("data", "axes fraction"),
        xytext=(4, 0), textcoords="offset points", color=INK,
    )  # fmt: skip
    plot.ax.set_xlim(left=0)
    plot.ax.set_ylim(bottom=min(0.0, *found.get("low", found["gain"])))
    plot.ax.set_xlabel(plot.word("plot.spent", currency=currency))
    worth = "plot.worth_of_added" if added else "plot.worth_of_answers"
    plot.ax.set_ylabel(plot.word(worth, currency=currency))
    plot.ax.xaxis.set_major_formatter("{x:,.0f}")
    plot.ax.yaxis.set_major_formatter("{x:,.0f}")
    return plot.svg()


def groups(
    rows: Sequence[tuple[dict[str, str], GroupAnswers, str]], label: str = "plot.added_hundred"
) -> str:
    """Draw added answers for each 100 members of a group with their intervals, in grey what bears no claim.

    Parameters
    ----------
    rows
        Name in each language, ``members`` with the totals of their ``answers``, and what is claimed.
    label
        Key of the words under the axis.
    """
    plot = Plot("groups", height=0.8 + 0.29 * len(rows))
    at = list(range(len(rows)))[::-1]
    values, lows, highs = (
        [100 * found["answers"][end] / found["members"] for _, found, _ in rows] for end in ENDS
    )
    plot.ax.axvline(0, color=MUTED, linewidth=1)
    below, above = whiskers(values, lows, highs)
    claimed = [judged for _, _, judged in rows]
    for place, value, less, more, judged in zip(at, values, below, above, claimed, strict=True):
        plot.ax.errorbar(
            value, place, xerr=[[less], [more]], fmt="o", markersize=5, capsize=2.5, linewidth=1.2,
            color=BLUE if judged in ("more", "less") else GREY,
        )  # fmt: skip
    plot.ax.set_yticks(at, [plot.twin(name["en"], name["zh"]) for name, _, _ in rows], color=INK)
    plot.ax.set_xlabel(plot.word(label))
    plot.ax.grid(axis="y", visible=False)
    plot.ax.spines["left"].set_visible(False)
    return plot.svg()


def weeks(name: str, found: WeeksRead) -> str:
    """Draw the margin up to, or reachable members after, each week of each policy,
    with the range over seeds.

    Parameters
    ----------
    name
        ``margin`` or ``reachable``.
    """
    plot = Plot(f"weeks-{name}", height=3.3)
    begun = {"margin": 0.0, "reachable": found["reachable"]}[name]
    at = list(range(found["weeks"] + 1))
    for policy, (colour, line) in LINES.items():
        ends = found["policies"][policy]["curves"][name]
        value, low, high = ([begun, *ends[end]] for end in ("value", "low", "high"))
        plot.ax.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
        plot.ax.plot(at, value, color=colour, linestyle=line, label=plot.word(f"weeks.policy.{policy}"))
    plot.ax.set_xlim(0, found["weeks"])
    plot.ax.set_xlabel(plot.word("plot.week"))
    plot.ax.set_ylabel(plot.word(f"plot.weeks_{name}", currency=found["currency"] or ""))
    plot.ax.yaxis.set_major_formatter("{x:,.0f}")
    plot.ax.legend(loc="best")
    return plot.svg()
