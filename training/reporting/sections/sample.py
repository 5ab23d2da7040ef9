"""Of what sample the figures are where a model was learnt on a cluster, and those of all rows beside them."""

from collections.abc import Iterator
from typing import Final, Literal, cast

import numpy as np
import polars as pl

from models.scorer import OK
from training.data.artifacts import Sampled
from training.evaluation.metrics import rate, wilson
from training.reporting.source import Source
from training.results.estimate import Estimate, Metric
from training.results.report_data import Sample, SampleFigure
from training.results.whole import Whole

MEASURES: Final[tuple[Metric, ...]] = (
    "auc", "average_precision", "capture_20", "brier", "log_loss", "expected_over_observed",
)  # fmt: skip
ERRORS = 4.0  # standard errors: chance takes one of a dozen figures further once in a thousand samples
BINNED = 0.002  # what margins in bins may add; of any figure
Z = 1.959964  # half a 95 % interval in standard errors
Shown = Literal["number", "share"]


def sample(source: Source) -> Sample | None:
    """Return what is told of the sample; None where the figures are of all rows."""
    if (whole := source.whole) is None:
        return None
    drawn, listed = source.facts["sample"], len(source.scored)
    if drawn["rows"] == drawn["of"] and listed == whole["listed"]["asked"]:
        return None
    return {
        "drawn": drawn,
        "test": len(source.label),
        "of_test": whole["rows"],
        "listed": listed,
        "of_listed": whole["listed"]["asked"],
        "figures": [*_tested(source, whole), *_listed(source, whole)],
    }


def counts(found: Sampled) -> dict[str, str]:
    """Return the numbers of a sample, as its sentences have them."""
    return {name: f"{found[name]:,}" for name in ("rows", "of", "subjects", "of_subjects")}


def _tested(source: Source, whole: Whole) -> Iterator[SampleFigure]:
    """Base rate and measures of the test."""
    part, y = len(source.label) / whole["rows"], source.label
    low, high = rate(y, source.subject)
    base: Estimate = {"value": float(y.mean()), "low": low, "high": high}
    yield _figure("base_rate", "share", base, whole["positives"] / whole["rows"], part)
    told = source.detail["estimators"]["model"]
    for name in MEASURES:
        if told[name]["low"] is not None:
            yield _figure(name, "number", told[name], whole["measures"][name], part)


def _listed(source: Source, whole: Whole) -> Iterator[SampleFigure]:
    """Of today's list who has a score, in which bands, and the mean probability."""
    rows, of = source.scored, whole["listed"]
    ok = rows.filter(pl.col("status") == OK)
    part = len(rows) / max(of["asked"], 1)
    yield _figure("scored", "share", _share(len(ok), len(rows)), of["scored"] / max(of["asked"], 1), part)
    if ok.is_empty() or of["mean"] is None:
        return
    for name, n in of["bands"].items():
        told = _share(int((ok["band"] == name).sum()), len(ok))
        yield _figure(f"band {name}", "share", told, n / of["scored"], part)
    p = ok["probability"].to_numpy()
    half = Z * float(p.std()) / np.sqrt(len(p))
    mean: Estimate = {"value": float(p.mean()), "low": float(p.mean() - half), "high": float(p.mean() + half)}
    yield _figure("mean", "share", mean, of["mean"], part)


def _share(n: int, of: int) -> Estimate:
    low, high = wilson(n, of)
    return {"value": n / max(of, 1), "low": float(low), "high": float(high)}


def _figure(name: str, shown: Shown, told: Estimate, whole: float, part: float) -> SampleFigure:
    """How far a figure of ``part`` of the rows is from that of all, of what chance allows.

    The standard error is the interval's, and less where the sample is much of the whole: drawn without
    putting back, it has no error at all where it is everything (Cochran 1977, 2.6).
    """
    value, low, high = (cast(float, told[end]) for end in ("value", "low", "high"))
    error = (high - low) / (2 * Z) * max(1 - part, 0.0) ** 0.5
    apart = abs(value - whole) / (ERRORS * error + BINNED)
    return {"figure": name, "shown": shown, "sample": told, "whole": whole, "apart": apart}
