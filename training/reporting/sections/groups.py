"""Whether the model works for everybody: the same measures in parts of the population."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from training.evaluation.bootstrap import estimate, resampled_each
from training.evaluation.metrics import Ranked, integer_codes, ranking, rate
from training.reporting.sections.factors import Factor, factors, label
from training.reporting.sections.slices import slices
from training.reporting.source import FEW_POSITIVES, Source, unassessed
from training.results.report_segments import (
    Cell,
    Crossed,
    Extent,
    Group,
    GroupFigures,
    GroupMeasures,
    Groups,
    GroupTable,
)
from training.results.section import Unassessed

MOST, FEWEST, DRAWS = 8, 10, 100
CUT = 0.1
CROSSED = (("region", "value", "stage"), ("lead_region", "lead_source", "lead_age"))


def groups(source: Source) -> Groups | Unassessed:
    """Return one table a factor, the cells where three factors cross, and the weakest slices."""
    known = {factor.name: factor for factor in factors(source, source.test)}
    tables = [_table(source, factor) for factor in known.values()]
    tables = [table for table in tables if len(table["rows"]) > 1]
    if not tables:
        return unassessed("no_groups")
    return {
        "assessed": True,
        "few": FEW_POSITIVES,
        "cut": CUT,
        "n": len(source.label),
        "positives": int(source.label.sum()),
        "tables": tables,
        "crossed": _crossed(source, known),
        "slices": slices(source),
    }


def _table(source: Source, factor: Factor) -> GroupTable:
    counts = factor.values.drop_nulls().value_counts(sort=True, name="n")
    name = factor.values.name
    kept = counts.filter(pl.col("n") >= FEWEST).sort("n", name, descending=[True, False]).head(MOST)
    chosen = source.probability >= np.quantile(source.probability, 1 - CUT)
    values = factor.values.to_numpy()
    rows: list[Group] = [
        {**measured(source, value, values == value, chosen), "label": label(factor.name, value)}
        for value in kept[name].to_list()
    ]
    return {
        "factor": factor.name,
        **factor.words,
        "suppressed": len(counts) - len(kept),
        "gap": _gap(rows),
        "rows": rows,
    }


def _gap(rows: list[Group]) -> Extent | None:
    """Least and greatest expected over observed among groups with enough positives."""
    ratios = [row["ratio"]["value"] for row in rows if row["ratio"] and not row["few"]]
    sure = [ratio for ratio in ratios if ratio is not None]
    return {"low": min(sure), "high": max(sure)} if len(sure) > 1 else None


def measured(source: Source, value: str, inside: np.ndarray, chosen: np.ndarray) -> GroupFigures:
    """Return what is known of one group; ``chosen`` marks the highest tenth of all rows."""
    y, p = source.label[inside], source.probability[inside]
    n, positives = len(y), int(y.sum())
    low, high = rate(y, source.subject[inside])
    hits = source.label[inside & chosen]
    return {
        "value": value,
        "n": n,
        "positives": positives,
        "rate": {"value": positives / n, "low": low, "high": high},
        "expected": float(p.mean()),
        "selected": float(chosen[inside].mean()),
        "precision": float(hits.mean()) if len(hits) else None,
        "few": positives < FEW_POSITIVES,
        **_measures(y, p, integer_codes(source.subject[inside]), source.seed),
    }


def _measures(y: np.ndarray, p: np.ndarray, subject: np.ndarray, seed: int) -> GroupMeasures:
    """AUC and expected over observed with their intervals; None where a class is absent."""
    if y.min() == y.max():
        return {"auc": None, "ratio": None}
    ranked = Ranked.of(y, p)

    def measured(weight: np.ndarray) -> dict[str, float]:
        inside = weight[ranked.order]
        expected, observed = np.sum(inside * ranked.score), np.sum(inside * ranked.label)
        return {"auc": ranking(ranked, inside)["auc"], "ratio": expected / max(observed, 1e-12)}

    drawn = resampled_each(measured, subject, DRAWS, seed)
    auc, ratio = measured(np.ones(len(y)))["auc"], float(p.sum() / y.sum())
    return {"auc": estimate(auc, drawn["auc"]), "ratio": estimate(ratio, drawn["ratio"])}


def _crossed(source: Source, known: dict[str, Factor]) -> Crossed | None:
    """Cells of three factors with enough positives, those furthest from what was predicted first."""
    names = next((three for three in CROSSED if all(name in known for name in three)), None)
    if names is None:
        return None
    parts = pl.DataFrame({name: known[name].values for name in names})
    parts = parts.with_columns(
        y=pl.Series(source.label), p=pl.Series(source.probability), subject=pl.Series(source.subject)
    )
    cells = (
        parts.drop_nulls()
        .group_by(names, maintain_order=True)
        .agg(
            n=pl.len(),
            positives=pl.col("y").sum().cast(pl.Int64),
            expected=pl.col("p").mean(),
            y="y",
            subject="subject",
        )
    )
    sure = cells.filter(pl.col("positives") >= FEW_POSITIVES)
    far = (pl.col("expected") * pl.col("n") / pl.col("positives")).log().abs()
    rows = sure.with_columns(far=far).sort("far", *names, descending=[True, False, False, False]).head(MOST)
    return {
        "factors": [known[name].words for name in names],
        "cells": len(cells),
        "few": len(cells) - len(sure),
        "rows": [_cell(row, names) for row in rows.to_dicts()],
    }


def _cell(row: Mapping[str, Any], names: tuple[str, ...]) -> Cell:
    low, high = rate(np.asarray(row["y"]), np.asarray(row["subject"]))
    value = row["positives"] / row["n"]
    return {
        "labels": [label(name, row[name]) for name in names],
        "n": row["n"],
        "positives": row["positives"],
        "rate": {"value": value, "low": low, "high": high},
        "expected": row["expected"],
        "ratio": row["expected"] / value,
    }
