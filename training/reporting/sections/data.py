"""What the model learnt from: sources, who was left out at which step, splits in time, gaps in the data."""

from collections import Counter
from typing import cast

import numpy as np
import polars as pl

from training.data.artifacts import DRAWN, Ingest, Part, TableCounts
from training.data.quarantine_limits import TableQuality, assess
from training.evaluation.metrics import integer_codes, told_rate
from training.reporting.sections.inventory import inventory
from training.reporting.sections.sample import sample
from training.reporting.source import Source, group_words
from training.reporting.words import said
from training.results.report_data import (
    Data,
    Doubts,
    FeatureUse,
    GroupUse,
    MissingShare,
    Moments,
    ShownPart,
    TableRows,
)
from training.results.section import Words

MOST = 12  # features with the most missing values that are listed

STEPS = ("step.asked", "step.refused", "step.closed", "step.split", "step.random")


def data(source: Source) -> Data:
    """Return tables as ingested, the inclusion waterfall, splits and missing values."""
    facts = source.facts
    found: Data = {
        "assessed": True,
        "dated": source.dated,
        "extracted_at": facts["extracted_at"],
        "fingerprint": facts["fingerprint"],
        "tables": _tables(source),
        "findings": findings(source.ingest),
        "enough": source.facts["enough"],
        "waterfall": [{**row, "step": _step(row["step"])} for row in facts["waterfall"]],
        "splits": [_split(source, name, part) for name, part in facts["splits"].items()],
        "moments": _moments(source),
        "window": {"gap": facts["spine"]["gap"], "days": facts["spine"]["days"]},
        "left_out": facts["left_out"],
        "groups": _groups(source),
        "catalogue": _catalogue(source),
        "missing": _missing(source),
        "inventory": inventory(source),
    }
    return found if (drawn := sample(source)) is None else {**found, "sample": drawn}


def _tables(source: Source) -> list[TableRows]:
    """Of each table what became of its rows, from when to when they are, and how old the newest is."""
    tables = source.ingest["tables"]
    return [_table(one, tables[one.table], source.dated) for one in assess(tables, source.params.ingest)]


def _table(found: TableQuality, counts: TableCounts, dated: bool) -> TableRows:
    return {
        "table": found.table,
        "result": found.result,
        "share": found.share,
        "read": counts["read"],
        "left_out": counts["left_out"],
        "accepted": counts["accepted"],
        "quarantined": counts["quarantined"],
        "first": counts["first"] if dated else None,
        "last": counts["last"] if dated else None,
        "freshness_days": counts["freshness_days"] if dated else None,
        "reasons": counts["reasons"],
    }


def findings(ingest: Ingest) -> list[Doubts]:
    """Return doubts of ingest about tables, in words without an id or an amount,
    accepted ones with the reason.
    """
    counts = Counter((one["table"], one["kind"], one["accepted"]) for one in ingest["findings"])
    return [
        {"table": table, "kind": kind, "accepted": why, "count": count, "says": said(f"finding.{kind}")}
        for (table, kind, why), count in counts.items()
    ]


def _step(text: str) -> Words:
    """A step of the waterfall in each language; what the catalogue of words lacks stays as it is."""
    if text.startswith("since "):
        return said("step.since", day=text.removeprefix("since "))
    if text.startswith(DRAWN):
        return said("step.drawn", of=text.removeprefix(DRAWN))
    known = {said(key)["en"]: said(key) for key in STEPS}
    return known.get(text, {"en": text, "zh": text})


def _split(source: Source, name: str, part: Part) -> ShownPart:
    rows = source.every_row.filter(pl.col("split") == name)
    subject = integer_codes(rows[source.facts["subject"]].to_numpy())
    return {"name": name, **part, "rate": told_rate(rows["label"].to_numpy().astype(np.float64), subject)}


def _moments(source: Source) -> list[Moments]:
    """First and last as-of moment and last window's end of each part, in seconds."""
    grouped = source.rows.group_by("split").agg(
        first=pl.col("as_of").min(), last=pl.col("as_of").max(), end=pl.col("window_end").max()
    )
    order = {name: place for place, name in enumerate(("train", "valid", "test"))}
    return cast(list[Moments], sorted(grouped.to_dicts(), key=lambda row: order[row["split"]]))


def _groups(source: Source) -> list[GroupUse]:
    """How many features of each group were computed and how many the model uses."""
    used = set(source.model.encoder.names)
    names: dict[str, list[str]] = {}
    for row in source.facts["features"]:
        names.setdefault(row["group"], []).append(row["name"])
    return [
        {"group": group_words(group), "computed": len(own), "used": len(used & set(own))}
        for group, own in names.items()
    ]


def _catalogue(source: Source) -> list[FeatureUse]:
    """Every feature that was computed, and whether the model uses it."""
    used = set(source.model.encoder.names)
    return [
        {
            "name": row["name"],
            "table": row["table"],
            "unit": row["unit"],
            "window": row["window"],
            "says": {"en": row["en"], "zh": row["zh"]},
            "empty": row["empty"],
            "used": row["name"] in used,
        }
        for row in source.facts["features"]
    ]


def _missing(source: Source) -> list[MissingShare]:
    """Return the share of unknown values before and in the test, largest difference first."""
    names = source.model.encoder.names
    before, later = (frame.select(pl.col(names).null_count()).row(0) for frame in (source.past, source.test))
    rows: list[MissingShare] = [
        {"feature": name, "past": b / len(source.past), "test": t / len(source.test)}
        for name, b, t in zip(names, before, later, strict=True)
    ]
    found = [row for row in rows if row["past"] > 0 or row["test"] > 0]
    return sorted(found, key=lambda row: (-abs(row["past"] - row["test"]), row["feature"]))[:MOST]
