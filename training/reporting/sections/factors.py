"""Parts of the population that a reviewer asks about: given attributes, and those read off features."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from features.lifecycle import STAGES
from models.phrases import LANGUAGES
from training.reporting.source import Source
from training.reporting.words import said

GIVEN = (
    "region", "lead_region", "city_tier", "lead_city_tier", "source", "lead_source", "interest",
    "content_type", "content_channel",
)  # fmt: skip


@dataclass(frozen=True)
class Factor:
    """One way to part the rows: name in each language, and the part of each test row."""

    name: str
    words: dict[str, str]
    values: pl.Series


def factors(source: Source) -> Iterator[Factor]:
    """Every factor that the task's features can tell, in a fixed order."""
    for name in GIVEN:
        if name in source.test.columns:
            row: dict[str, Any] = source.features.get(name, {"en": name, "zh": name})
            yield Factor(name, {"en": row["en"], "zh": row["zh"]}, source.test[name])
    for name, needs, parts in _derived(source):
        if all(column in source.test.columns for column in needs):
            yield Factor(name, said(f"factor.{name}"), source.test.select(part=parts)["part"])


def _derived(source: Source) -> Iterator[tuple[str, tuple[str, ...], pl.Expr]]:
    """Stage of life, value tier, contact pressure and age of a lead, read off features."""
    yield "stage", ("stage",), pl.col("stage")
    if "revenue_365d" in source.past.columns:
        low, high = (source.past["revenue_365d"].quantile(q) or 0.0 for q in (1 / 3, 2 / 3))
        yield (
            "value",
            ("revenue_365d",),
            _bands(pl.col("revenue_365d"), [low, high], ["low", "middle", "high"]),
        )
    yield "pressure", ("sent_30d",), _bands(pl.col("sent_30d"), [0, 2], ["0", "1–2", "3+"])
    yield "lead_age", ("lead_age_days",), _bands(pl.col("lead_age_days"), [0.5, 3.5], ["0", "1–3", "4+"])


def label(factor: str, value: str) -> dict[str, str]:
    """Return what a part is called in each language; a word of the brand's own stays as it is."""
    if factor == "stage" and value in STAGES:
        return dict(zip(LANGUAGES, STAGES[value], strict=True))
    return said(f"part.{value}") if factor == "value" else dict.fromkeys(LANGUAGES, value)


def _bands(value: pl.Expr, edges: list[float], names: list[str]) -> pl.Expr:
    """Name of the band of each value; each edge is the upper end of its band."""
    out = pl.when(value.is_null()).then(None)
    for edge, name in zip(edges, names, strict=False):
        out = out.when(value <= edge).then(pl.lit(name))
    return out.otherwise(pl.lit(names[-1]))
