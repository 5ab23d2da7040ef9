"""A few test rows, pseudonymised, with their reasons exactly as the service words them."""

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl

from models.reasons import Explainer, Reason
from training.reporting.source import Source
from training.results.report_reasons import BandName, Example, Examples

TOP = 4


def examples(source: Source) -> Examples:
    """Return confident hit, confident miss, missed event, borderline, quiet row, one with missing data."""
    explainer = Explainer(source.model)
    chosen = _chosen(source)
    rows = source.test[list(chosen.values())]
    reasons = explainer.reasons(rows, TOP)
    found = [
        _example(source, kind, at, place, reasons[place]) for place, (kind, at) in enumerate(chosen.items())
    ]
    held = source.serving["reasons"]
    return {"assessed": True, "examples": found, "base": float(source.explained["base"]), "reasons": held}


def _chosen(source: Source) -> dict[str, int]:
    """Position of one test row of each kind, never the same twice."""
    p, y = source.probability, source.label.astype(bool)
    unknown = (
        source.test.select(source.model.encoder.names)
        .select(pl.sum_horizontal(pl.all().is_null()).alias("unknown"))["unknown"]
        .to_numpy()
    )
    near = -np.abs(p - np.quantile(p, 0.9))
    wanted = {
        "hit": np.where(y, p, -1), "false_alarm": np.where(~y, p, -1), "missed": np.where(y, -p, -2),
        "borderline": near, "quiet": np.where(~y, -p, -2), "unknown": unknown.astype(float),
    }  # fmt: skip
    found: dict[str, int] = {}
    for kind, value in wanted.items():
        order = np.argsort(-value, kind="stable")
        found[kind] = int(next(at for at in order if at not in found.values()))
    return found


def _example(source: Source, kind: str, at: int, place: int, reasons: Sequence[Reason]) -> Example:
    row = source.test.row(at, named=True)
    p = float(source.probability[at])
    return {
        "kind": kind,
        "name": pseudonym(str(row[source.facts["subject"]]), row["as_of"]),
        "month": _month(row["as_of"]) if source.dated else None,
        "probability": p,
        "band": _band(source, p),
        "label": int(row["label"]),
        "reasons": [
            {
                "code": reason.code,
                "group": reason.group,
                "direction": reason.direction,
                "contribution": reason.contribution,
                "text": dict(reason.text),
            }
            for reason in reasons
        ],
    }


def pseudonym(subject: str, as_of: int) -> str:
    """Return a name that says nothing and cannot be turned back without trying every id."""
    return hashlib.sha256(f"report {subject} {as_of}".encode()).hexdigest()[:6]


def _month(moment: int) -> str:
    return str(pl.select(pl.from_epoch(pl.lit(moment), time_unit="s").dt.strftime("%Y-%m")).item())


def _band(source: Source, p: float) -> BandName:
    band = next(band for band in source.card["bands"] if p >= band["low"])
    return {"name": band["name"], "en": band["en"], "zh": band["zh"]}
