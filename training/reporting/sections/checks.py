"""Leaks and other ways in which a good figure can be wrong, each checked or said not to be."""

from typing import Literal, cast

import polars as pl

from training.evaluation.metrics import auc_alone
from training.reporting.sections.data import data
from training.reporting.sections.today import today
from training.reporting.source import Source
from training.results.report_data import Sample
from training.results.report_segments import Today
from training.results.report_verdict import CheckLine, Checks, Result
from training.results.section import Unassessed

MASS = 0.5  # share of all contributions
SURE = 5.4  # standard errors of a mean of eight that chance exceeds once in a thousand (Student's t)
UNTESTED = 0.05  # of today's list
CHANCE, TELLS_APART, LOST = 0.05, 0.8, 0.7  # distance from an AUC of 0.5, an AUC, part of the gain


def checks(source: Source) -> Checks:
    """Return one line a check: result, value, threshold; first those of the audit, which stops the build."""
    drawn = source.section(data).get("sample")
    return {
        "assessed": True,
        "columns": {"excluded": source.audited["excluded"], "accepted": source.audited["accepted"]},
        "undated": bool(source.audited["columns"]),
        "checks": [
            *cast(list[CheckLine], source.audited["checks"]),
            _mass(source),
            _order(source),
            _additive(source),
            _shuffled(source),
            _parity(source),
            _adversarial(source),
            _lag(source),
            _inside(source.section(today)),
            *([] if drawn is None else [_sampled(drawn)]),
        ],
    }


def with_result(source: Source, result: Result) -> list[str]:
    """Return the names of the checks with a result."""
    return [check["check"] for check in source.section(checks)["checks"] if check["result"] == result]


def _check(name: str, passed: bool, value: float, threshold: float) -> CheckLine:
    result: Literal["good", "bad"] = "good" if passed else "bad"
    return {"check": name, "result": result, "value": value, "threshold": threshold}


def _warned(name: str, value: float, threshold: float, feature: str) -> CheckLine:
    """A line that is worth a look, but condemns nothing by itself."""
    result: Literal["good", "warn"] = "good" if value <= threshold else "warn"
    return {"check": name, "result": result, "value": value, "threshold": threshold, "feature": feature}


def _mass(source: Source) -> CheckLine:
    """No feature, its windows taken together, carries more than half of all contributions: a warning."""
    lines = source.explained["families"]
    total = sum(line["value"] for line in lines)
    top = lines[0]["value"] / total if total else 0.0
    strongest = next(
        row["name"] for row in source.explained["features"] if row["name"] in lines[0]["features"]
    )
    return _warned("mass", top, MASS, strongest)


def _order(source: Source) -> CheckLine:
    """The order of ids says nothing about the outcome within a moment."""
    key = source.facts["subject"]
    rows = source.past.select("as_of", "label", place=pl.col(key).rank("dense"))
    inside = rows.with_columns(pl.col("place").rank().over("as_of"))
    auc = auc_alone(inside["place"], rows["label"].to_numpy())
    return _warned("order", auc, 0.55, "")


def _additive(source: Source) -> CheckLine:
    """Contributions add up to the calibrated log-odds."""
    found = source.explained
    error, allowed = found["max_relative_error"], found["tolerance"]
    return _check("additive", error <= allowed, error, allowed)


def _shuffled(source: Source) -> CheckLine:
    """Models that learnt labels dealt out at random are, in the mean, no better than chance."""
    found = source.stressed["shuffled"]
    away, allowed = abs(found["value"] - 0.5), max(CHANCE, SURE * found["error"])
    return _check("shuffled", away <= allowed, away, round(allowed, 3))


def _parity(source: Source) -> CheckLine:
    """A row scored alone has the score it has in the batch."""
    found = source.stressed["alone"]
    return _check("parity", found <= 1e-6, found, 1e-6)


def _adversarial(source: Source) -> CheckLine:
    """A model cannot easily tell development rows from test rows; where it can, only a warning."""
    found = source.stressed["adversarial"]
    return _warned("adversarial", found["value"], TELLS_APART, found["feature"] or "")


def _lag(source: Source) -> CheckLine:
    """With each subject described as at its question before, part of the gain over chance is left."""
    found = source.stressed["lagged"]
    if found is None:
        return {"check": "lag", "result": "unrun"}
    lost = 1 - (found["then"] - 0.5) / max(found["now"] - 0.5, 1e-9)
    return _warned("lag", lost, LOST, "")


def _inside(listed: Today | Unassessed) -> CheckLine:
    """Hardly anybody who is scored today lies in a segment that was not tested."""
    if not listed["assessed"]:
        return {"check": "inside", "result": "unrun"}
    return _check("inside", listed["untested"] <= UNTESTED, listed["untested"], UNTESTED)


def _sampled(drawn: Sample) -> CheckLine:
    """No figure of the sample is further from that of all rows than chance takes it."""
    if not drawn["figures"]:
        return {"check": "sample", "result": "unrun"}
    worst = max(drawn["figures"], key=lambda line: line["apart"])
    return {**_check("sample", worst["apart"] <= 1, worst["apart"], 1), "feature": worst["figure"]}
