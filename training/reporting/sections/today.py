"""The list of the day: who is scored, in which bands, who is left out, and whether the like was tested."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from features import consent
from models.card import BandRow
from models.fitted.model import Model
from models.population import OUTSIDE
from models.scorer import ELSEWHERE, OK
from models.task import task as task_named
from training.evaluation.metrics import told_rate
from training.reporting.sections import coverage
from training.reporting.sections.coverage import SMALL, by_value, parts
from training.reporting.sections.factors import Factor, factors, of_list
from training.reporting.source import FEW_POSITIVES, Source, unassessed
from training.reporting.words import said
from training.results.report_segments import (
    Capacity,
    Covered,
    ListBand,
    ListSegment,
    ListTable,
    TestedRate,
    Today,
    Unscored,
)
from training.results.section import Unassessed
from training.results.tested import Tested

SLACK = 0.02  # of the list, by which the acted bands may miss the capacity

Row = Mapping[str, Any]  # of a frame


def today(source: Source) -> Today | Unassessed:
    """Return segments of the scored against those tested, bands with their numbers, who has no score and why.

    Aggregates only; a group of fewer than ``SMALL`` rows is not told.
    """
    tested = coverage.tested(source)
    found = covered(source, source.model, tested)
    if not found["assessed"]:
        return found
    scores, listed = source.scored, _listed(source)
    known = {factor.name: factor for factor in (*factors(source, source.test), *of_list(source.test))}
    now = coverage.on_list(source.features, listed, tested)
    tables = [_compared(source, factor, known[factor.name], tested, listed["probability"]) for factor in now]
    return {
        **found,
        "as_of": source.population["as_of"],
        "subjects": listed["subject_id"].n_unique(),
        "asked": len(scores),
        "tested": tested["rows"],
        "tables": [table for table in tables if len(table["rows"]) > 1],
        "bands": _bands(source, scores.filter(pl.col("status") == OK)),
        "left": _left(source.model, scores),
    }


def covered(source: Source, model: Model, tested: Tested) -> Covered | Unassessed:
    """Return how many ``model`` has on the list, how many of them the test hardly had, and the acted share.

    ``tested`` tells what that model was tested on.
    """
    if not (source.listed / "scores.parquet").exists():
        return unassessed("not_scored")
    listed = _listed(source)
    if listed.is_empty():
        return unassessed("nobody_scored")
    features = {row["name"]: row for row in model.card["features"]}
    share, far = coverage.uncovered(coverage.on_list(features, listed, tested), tested)
    scored = source.scored.filter(pl.col("status") == OK)
    capacity = _capacity(source, model.card["bands"], scored)
    return {"assessed": True, "n": len(listed), "untested": share, "far": far, **capacity}


def _listed(source: Source) -> pl.DataFrame:
    """Everybody with a probability, with the features of the day."""
    scores = source.scored.filter(pl.col("probability").is_not_null())
    features = pl.read_parquet(source.listed / "snapshot" / "snapshot.parquet")
    keys = [key for key in ("subject_id", "campaign_id") if key in scores.columns]
    more = [name for name in features.columns if name not in scores.columns]
    return scores.join(features.select(*keys, *more), on=keys, how="left", maintain_order="left")


def _compared(
    source: Source, factor: Factor, then: Factor, tested: Tested, probability: pl.Series
) -> ListTable:
    """One factor's segments on the list and in the test; one that is itself small is not told."""
    frame = pl.DataFrame({"value": parts(factor), "p": probability})
    before = pl.DataFrame({"value": parts(then), "p": source.probability})
    far = coverage.hardly_tested(factor, tested)
    counts = by_value(frame).agg(n=pl.len(), expected=pl.col("p").mean())
    counts = counts.join(
        by_value(before).agg(tested=pl.len(), then=pl.col("p").mean()), on="value", how="left"
    ).with_columns(
        pl.col("tested").fill_null(0),
        share=pl.col("n") / len(frame),
        part=pl.col("tested").fill_null(0) / len(before),
        far=pl.col("value").is_in(far),
    )
    told = counts.filter(pl.col("n") >= SMALL).to_dicts()
    rows = [_segment(factor, row) for row in sorted(told, key=lambda row: factor.place(row["value"]))]
    return {"factor": factor.name, **factor.words, "rows": rows, "suppressed": len(counts) - len(told)}


def _segment(factor: Factor, row: Row) -> ListSegment:
    few = row["tested"] < SMALL  # of those tested neither number nor mean is told
    return {
        "label": coverage.part_label(factor, row["value"]),
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


def _capacity(source: Source, bands: Sequence[BandRow], scored: pl.DataFrame) -> Capacity:
    """The share of the list in the bands that are acted on, against the stated capacity."""
    given, acted = getattr(source.params.economics, source.task), task_named(source.task).acted_bands
    if given is None or not acted:
        return {"capacity": None, "acted": None, "fills": "none"}
    names = [band["name"] for band in bands[:acted]]
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
