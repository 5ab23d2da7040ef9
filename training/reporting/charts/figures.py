"""Which figures a report has, each drawn from its section's data."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from training.reporting.charts import care, drivers, money, quality, stress, time
from training.reporting.charts.plot import STYLE

DRAWN: dict[str, tuple[str, Callable[[Any], str]]] = {
    "timeline": ("data", time.timeline),
    "trials": ("method", quality.trials),
    "gains": ("ranking", quality.gains),
    "deciles": ("ranking", quality.deciles),
    "timing": ("ranking", time.timing),
    "roc": ("ranking", quality.roc),
    "reliability": ("calibration", quality.reliability),
    "profit": ("economics", money.profit),
    "tornado": ("economics", money.tornado),
    "uplift": ("economics", money.uplift),
    "worth": ("economics", money.worth),
    "backtest": ("stability", time.backtest),
    "periods": ("stability", time.periods),
    "stress": ("robustness", stress.stress),
    "silence": ("dissatisfaction", care.silence),
    "importance": ("drivers", drivers.importance),
    "swarm": ("drivers", drivers.swarm),
    "dependence": ("drivers", drivers.dependence),
}

# The part of its section that a figure cannot do without.
NEEDS = {
    "timeline": "dated",
    "profit": "assumptions",
    "tornado": "assumptions",
    "uplift": "orders",
    "worth": "tenths",
    "periods": "worst",
    "backtest": "backtest",
    "timing": "timing",
    "silence": "subtopics",
}


def draw(report: dict[str, Any]) -> dict[str, str]:
    """Return figures of the sections that were assessed, by name, as SVG."""
    sections = report["sections"]
    texts = {section: json.dumps(sections[section]) for section, _ in DRAWN.values()}
    return {
        name: drawn(name, texts[section])
        for name, (section, _) in DRAWN.items()
        if _needed(name, sections[section])
    }


@lru_cache(maxsize=64)
def drawn(name: str, section: str) -> str:
    """Return one figure of a section as JSON.

    Kept, since figures are what takes time in a page, and a signature or a release makes it several times.
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        return DRAWN[name][1](json.loads(section))


def _needed(name: str, section: dict[str, Any]) -> bool:
    """Whether the section has the data of the figure."""
    needs = NEEDS.get(name)
    return section["assessed"] and (needs is None or bool(section[needs]))
