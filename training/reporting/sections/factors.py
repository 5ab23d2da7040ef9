"""Parts of the population that a reviewer asks about: given attributes, and those read off features."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from features.lifecycle import STAGES
from features.meaning import FeatureRow
from models.phrases import LANGUAGES, value_words
from training.reporting.source import Source
from training.reporting.words import said
from training.results.section import Named, Words

ATTRIBUTES = (
    "region", "lead_region", "city_tier", "lead_city_tier", "source", "lead_source", "interest",
    "content_type", "content_channel",
)  # fmt: skip
REVENUE = "revenue_365d"
DERIVED = {"stage": "stage", "value": REVENUE, "pressure": "sent_30d", "lead_age": "lead_age_days"}
DAYS = {  # of a list: feature, upper ends of its parts
    "age": ("lead_age_days", (0.5, 3.5, 7.5, 14.5, 30.5, 60.5)),
    "recency": ("days_since_order", (30, 60, 90, 180, 365)),
    "tenure": ("days_since_first_order", (90, 365, 730)),
}


@dataclass(frozen=True)
class Factor:
    """One way to part the rows: name in each language, the part of each row, and the parts' own order."""

    name: str
    words: Named
    values: pl.Series
    parts: tuple[str, ...] = ()

    def label(self, value: str) -> Words:
        """Return what a part is called in each language."""
        return label(self.name, value)

    def place(self, value: str) -> tuple[int, str]:
        """Return where a part stands in a table."""
        return self.parts.index(value) if value in self.parts else len(self.parts), value


def factors(source: Source, rows: pl.DataFrame) -> Iterator[Factor]:
    """Yield every factor that features can tell of the rows and of those tested, in a fixed order."""
    for factor in parts_of(source.features, rows, tiers(source)):
        if factor.name in ATTRIBUTES or DERIVED[factor.name] in source.test.columns:
            yield factor


def tiers(source: Source) -> list[float]:
    """Return the revenues of a year below which a third and two thirds of the rows before the test lie."""
    if REVENUE not in source.past.columns:
        return []
    return [source.past[REVENUE].quantile(q) or 0.0 for q in (1 / 3, 2 / 3)]


def parts_of(features: Mapping[str, FeatureRow], rows: pl.DataFrame, tiers: list[float]) -> Iterator[Factor]:
    """Yield factors of rows that hold these features; value tiers end at ``tiers``, if there are any."""
    for name in ATTRIBUTES:
        if name in rows.columns:
            row = features.get(name, {"en": name, "zh": name})
            yield Factor(name, {"en": row["en"], "zh": row["zh"]}, rows[name])
    for name, parts, order in _derived(tiers):
        if DERIVED[name] in rows.columns:
            yield Factor(name, _named(name), rows.select(part=parts)["part"], order)


def of_list(rows: pl.DataFrame) -> Iterator[Factor]:
    """Yield finer parts by days: of a lead, since the last order, since the first."""
    for name, (feature, ends) in DAYS.items():
        if feature in rows.columns:
            parts = _spans(ends)
            values = rows.select(part=_bands(pl.col(feature), list(ends), list(parts)))["part"]
            yield Factor(name, _named(name), values, parts)


def _named(name: str) -> Named:
    words = said(f"factor.{name}")
    return {"en": words["en"], "zh": words["zh"]}


def _spans(ends: tuple[float, ...]) -> tuple[str, ...]:
    """Names of the parts between the ends, in whole days."""
    whole = [int(end) for end in ends]
    first = [f"0–{whole[0]}" if whole[0] else "0"]
    between = [f"{low + 1}–{high}" for low, high in pairwise(whole)]
    return (*first, *between, f"{whole[-1] + 1}+")


def _derived(tiers: list[float]) -> Iterator[tuple[str, pl.Expr, tuple[str, ...]]]:
    """Stage of life, value tier, contact pressure and age of a lead, read off features."""
    yield "stage", pl.col("stage"), tuple(STAGES)
    if tiers:
        names = ("low", "middle", "high")
        yield "value", _bands(pl.col(REVENUE), tiers, list(names)), names
    for name, edges, parts in (
        ("pressure", [0.0, 2.0], ("0", "1–2", "3+")),
        ("lead_age", [0.5, 3.5], ("0", "1–3", "4+")),
    ):
        yield name, _bands(pl.col(DERIVED[name]), edges, list(parts)), parts


def label(factor: str, value: str) -> Words:
    """Return what a part is called in each language; a word of the brand's own that is not known stays."""
    if factor == "stage" and value in STAGES:
        return dict(zip(LANGUAGES, STAGES[value], strict=True))
    return said(f"part.{value}") if factor == "value" else value_words(value)


def _bands(value: pl.Expr, edges: list[float], names: list[str]) -> pl.Expr:
    """Name of the band of each value; each edge is the upper end of its band."""
    out = pl.when(value.is_null()).then(None)
    for edge, name in zip(edges, names, strict=False):
        out = out.when(value <= edge).then(pl.lit(name))
    return out.otherwise(pl.lit(names[-1]))
