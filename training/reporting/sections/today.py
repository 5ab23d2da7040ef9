"""The list of the day: who is scored, in which bands, who is left out, and whether the like was tested."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import polars as pl
from polars.dataframe.group_by import GroupBy

from features import consent
from models.fitted.model import Model
from models.population import OUTSIDE
from models.scorer import ELSEWHERE, OK
from models.task import task as task_named
from training.evaluation.metrics import told_rate
from training.reporting.sections.factors import Factor, factors, of_list
from training.reporting.source import FEW_POSITIVES, Source, unassessed
from training.reporting.words import joined, said
from training.results.report_segments import (
    Capacity,
    ListBand,
    ListSegment,
    ListTable,
    TestedRate,
    Today,
    Unscored,
)
from training.results.section import Unassessed, Words

UNKNOWN = "unknown"
SMALL = 10  # fewer are not told
THIN = 0.1  # of its share of the list a segment must have among the tested rows
SLACK = 0.02  # of the list, by which the acted bands may miss the capacity

Row = Mapping[str, Any]  # of a frame


def today(source: Source) -> Today | Unassessed:
    """Return segments of the scored against those tested, bands with their numbers, who has no score and why.

    Aggregates only; a group of fewer than ``SMALL`` rows is not told.
    """
    if not (source.listed / "scores.parquet").exists():
        return unassessed("not_scored")
    scores = source.scored
    listed = _listed(source)
    if listed.is_empty():
        return unassessed("nobody_scored")
    known = {factor.name: factor for factor in (*factors(source, source.test), *of_list(source.test))}
    now = [factor for factor in (*factors(source, listed), *of_list(listed)) if factor.name in known]
    outside = np.zeros(len(listed), dtype=bool)
    tables = []
    for factor in now:
        table, far = _compared(source, factor, known[factor.name], listed["probability"])
        outside |= far
        tables.append(table)
    return {
        "assessed": True,
        "as_of": source.population["as_of"],
        "n": len(listed),
        "subjects": listed["subject_id"].n_unique(),
        "asked": len(scores),
        "tested": len(source.test),
        "untested": float(outside.mean()),
        "tables": [table for table in tables if len(table["rows"]) > 1],
        "far": joined(_named(table, row) for table in tables for row in table["rows"] if row["far"]),
        "bands": _bands(source, scores.filter(pl.col("status") == OK)),
        **_capacity(source, scores.filter(pl.col("status") == OK)),
        "left": _left(source.model, scores),
    }


def _listed(source: Source) -> pl.DataFrame:
    """Everybody with a probability, with the features of the day."""
    scores = source.scored.filter(pl.col("probability").is_not_null())
    features = pl.read_parquet(source.listed / "snapshot" / "snapshot.parquet")
    keys = [key for key in ("subject_id", "campaign_id") if key in scores.columns]
    more = [name for name in features.columns if name not in scores.columns]
    return scores.join(features.select(*keys, *more), on=keys, how="left", maintain_order="left")


def _compared(
    source: Source, factor: Factor, tested: Factor, probability: pl.Series
) -> tuple[ListTable, np.ndarray]:
    """One factor's segments on the list and in the test, and which rows of the list lie in a far one.

    Far is a segment with fewer than ``SMALL`` tested rows, or with less than ``THIN`` of its share of
    the list among them. One that is itself small is not told, but counts.
    """
    values, before = (one.cast(pl.String).fill_null(UNKNOWN) for one in (factor.values, tested.values))
    frame = pl.DataFrame({"value": values, "p": probability})
    then = pl.DataFrame({"value": before, "p": source.probability, "y": source.label})
    counts = _by_value(frame).agg(n=pl.len(), expected=pl.col("p").mean())
    counts = counts.join(
        _by_value(then).agg(tested=pl.len(), positives=pl.col("y").sum(), then=pl.col("p").mean()),
        on="value", how="left",
    ).with_columns(pl.col("tested", "positives").fill_null(0))  # fmt: skip
    share, part = pl.col("n") / len(frame), pl.col("tested") / len(then)
    counts = counts.with_columns(
        share=share, part=part, far=(pl.col("tested") < SMALL) | (part < THIN * share)
    )
    told = counts.filter(pl.col("n") >= SMALL).to_dicts()
    far = values.is_in(counts.filter("far")["value"].implode()).to_numpy()
    rows = [_segment(factor, row) for row in sorted(told, key=lambda row: factor.place(row["value"]))]
    found: ListTable = {
        "factor": factor.name,
        **factor.words,
        "rows": rows,
        "suppressed": len(counts) - len(told),
    }
    return found, far


def _by_value(rows: pl.DataFrame) -> GroupBy:
    """Rows in their order: sums of floats that threads add up as they come differ in their last digits."""
    return rows.group_by("value", maintain_order=True)


def _named(table: ListTable, row: ListSegment) -> Words:
    """A segment with the name of its factor."""
    return {"en": f"{table['en']} {row['label']['en']}", "zh": f"{table['zh']} {row['label']['zh']}"}


def _segment(factor: Factor, row: Row) -> ListSegment:
    few = row["tested"] < SMALL  # of those tested neither number nor mean is told
    return {
        "label": said("part.unknown") if row["value"] == UNKNOWN else factor.label(row["value"]),
        "n": row["n"],
        "share": row["share"],
        "expected": row["expected"],
        "tested": None if few else row["tested"],
        "part": None if few else row["part"],
        "then": None if few else row["then"],
        "far": row["far"],
    }


def _bands(source: Source, scored: pl.DataFrame) -> list[ListBand]:
    """Each band's number, share and expected rate; beside it what the same part of the tested list showed."""
    order = np.argsort(-source.probability, kind="stable")
    found: list[ListBand] = []
    above = 0.0
    for place, band in enumerate(source.card["bands"]):
        own = scored.filter(pl.col("band") == band["name"])
        share = len(own) / max(len(scored), 1)
        start, end = (round(at * len(order)) for at in (above, above + share))
        above += share
        told = len(own) >= SMALL
        found.append(
            {
                "name": band["name"],
                "en": band["en"],
                "zh": band["zh"],
                "acted": place < task_named(source.task).acted_bands,
                "n": len(own) if told else None,
                "share": share if told else None,
                "expected": own["probability"].mean() if told else None,
                "observed": _observed(source.label[order[start:end]], source.subject[order[start:end]]),
            }
        )
    return found


def _observed(label: np.ndarray, subject: np.ndarray) -> TestedRate | None:
    """The rate of these tested rows with its interval by subject; None where they are few."""
    if len(label) < SMALL:
        return None
    found = told_rate(label, subject)
    return {**found, "few": found["positives"] < FEW_POSITIVES}


def _capacity(source: Source, scored: pl.DataFrame) -> Capacity:
    """The share of the list in the bands that are acted on, against the stated capacity."""
    given, acted = getattr(source.params.economics, source.task), task_named(source.task).acted_bands
    if given is None or not acted:
        return {"capacity": None, "acted": None, "fills": "none"}
    names = [band["name"] for band in source.card["bands"][:acted]]
    share = float(scored["band"].is_in(names).mean() or 0.0)
    fills: Literal["good", "warn"] = "good" if abs(share - given.capacity) <= SLACK else "warn"
    return {"capacity": given.capacity, "acted": share, "fills": fills}


def _left(model: Model, scores: pl.DataFrame) -> list[Unscored]:
    """Who has no score to act on, by status and reason, the most first."""
    why = {boundary.code: {"en": boundary.en, "zh": boundary.zh} for boundary in model.boundaries}
    reason = pl.when(pl.col("status") == ELSEWHERE).then(pl.col(OUTSIDE)).otherwise(pl.col(consent.REASON))
    rows = scores.filter(pl.col("status") != OK).group_by("status", reason=reason).agg(n=pl.len())
    return [
        {
            "status": row["status"],
            "reason": why.get(row["reason"])
            or (said(f"suppressed.{row['reason']}") if row["reason"] else None),
            "n": row["n"] if row["n"] >= SMALL else None,
            "share": row["n"] / len(scores) if row["n"] >= SMALL else None,
        }
        for row in rows.sort("n", "status", "reason", descending=[True, False, False]).to_dicts()
    ]
