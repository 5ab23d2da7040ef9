"""What drives the score: SHAP values of a sample of the test rows."""

from typing import cast

import numpy as np
import polars as pl

from models.phrases import family
from training.reporting.source import Source, group_words
from training.results.report_reasons import (
    Dependence,
    Direction,
    Dots,
    Drivers,
    FeatureWords,
    GroupWeight,
    Trend,
    ValueMean,
)

SHOWN, CURVES, POINTS, DOTS = 12, 6, 600, 1_000


def drivers(source: Source) -> Drivers:
    """Return the mean contributions, their spread, and how they depend on the value."""
    explained = source.explained
    frame = source.contributions.sample(min(DOTS, explained["rows"]), seed=source.seed).sort("row_id")
    known = source.test.join(frame.select("row_id"), on="row_id", how="semi", maintain_order="left")
    top = [line["name"] for line in explained["features"][:SHOWN]]
    return {
        "assessed": True,
        "n": explained["rows"],
        "base": explained["base"],
        "max_error": explained["max_error"],
        "tolerance": explained["tolerance"],
        "features": [{**line, **_words(source, line["name"])} for line in explained["features"][:SHOWN]],
        "families": explained["families"][:SHOWN],
        "groups": _groups(source),
        "swarm": {name: _dots(frame[name], known[name]) for name in top},
        "dependence": [_dependence(source, name, frame[name], known[name]) for name in top[:CURVES]],
        "permuted": {row["feature"]: row for row in source.stressed["permuted"]},
        "directions": [_direction(source, name) for name in top],
    }


def _words(source: Source, name: str) -> FeatureWords:
    row = source.features[name]
    return {"en": row["en"], "zh": row["zh"], "unit": row["unit"], "family": family(name)}


def _groups(source: Source) -> list[GroupWeight]:
    """Mean absolute contribution of each group, its features summed first."""
    names = source.model.encoder.names
    group = np.array([source.features[name]["group"] for name in names])
    values = source.contributions.select(names).to_numpy()
    found: list[GroupWeight] = [
        {"group": group_words(kind), "value": float(np.abs(values[:, group == kind].sum(axis=1)).mean())}
        for kind in sorted(set(group))
    ]
    return sorted(found, key=lambda line: -line["value"])


def ranks(values: pl.Series) -> list[float | None]:
    """Return the place of each value among the known ones, 0 to 1; None for unknown and for categories."""
    if values.dtype == pl.String:
        return [None] * len(values)
    known = max(values.len() - values.null_count() - 1, 1)
    return [None if r is None else round((r - 1) / known, 2) for r in values.rank("average").to_list()]


def _dots(contribution: pl.Series, values: pl.Series) -> Dots:
    return {"x": contribution.round(3).to_list(), "rank": ranks(values)}


def _dependence(source: Source, name: str, contribution: pl.Series, values: pl.Series) -> Dependence:
    """Draw value against contribution of at most ``POINTS`` rows; for a category the mean of each value."""
    words = _words(source, name)
    frame = pl.DataFrame({"value": values, "contribution": contribution}).head(POINTS)
    if values.dtype == pl.String:
        means = frame.group_by("value", maintain_order=True).agg(pl.col("contribution").mean(), n=pl.len())
        rows = means.sort("contribution", "value", descending=True).head(8).to_dicts()
        return {"feature": name, **words, "categories": cast(list[ValueMean], rows)}
    known = frame.drop_nulls()
    top = known["value"].quantile(0.99) if len(known) else None
    shown = known.filter(pl.col("value") <= top) if top is not None else known
    unknown = frame.filter(pl.col("value").is_null())["contribution"]
    return {
        "feature": name,
        **words,
        "x": shown["value"].round(3).to_list(),
        "y": shown["contribution"].round(3).to_list(),
        "unknown": {"n": len(unknown), "mean": unknown.mean()},
    }


def _direction(source: Source, name: str) -> Trend:
    """Whether more of it goes with a higher contribution: Spearman's correlation beyond 0.3, else mixed."""
    row = _words(source, name)
    rows = source.contributions.select("row_id", contribution=name)
    joined = rows.join(source.test.select("row_id", value=name), on="row_id").drop_nulls()
    if joined["value"].dtype == pl.String or joined["value"].n_unique() < 2:
        none: Direction = "category" if row["unit"] == "category" else "mixed"
        return {**row, "feature": name, "correlation": None, "direction": none}
    value = joined.select(pl.corr("value", "contribution", method="spearman")).item()
    sure = value is not None and np.isfinite(value)
    direction: Direction = "mixed" if not sure or abs(value) < 0.3 else "up" if value > 0 else "down"
    return {**row, "feature": name, "correlation": float(value) if sure else None, "direction": direction}
