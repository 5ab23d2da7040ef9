"""The last screen of a run."""

from collections.abc import Mapping
from typing import Final, Literal

import polars as pl

from features.consent import REASON
from models.scorer import OK
from training.data.artifacts import Dataset, Ingest, TableCounts, read_artifact
from training.data.quarantine_limits import assess
from training.params import Params
from training.results.evaluated import Detail

COUNTED: Final[tuple[Literal["read", "accepted", "quarantined"], ...]] = ("read", "accepted", "quarantined")


def summarise(params: Params) -> str:
    """Return one line a task, what was left out and why, and the next commands."""
    facts = {name: read_artifact(Dataset, params.build / name) for name in params.tasks}
    is_dated = any(one["dated"] for one in facts.values())
    how = "out of time" if is_dated else "not tested over time"
    lines = [f"{params.data}: {how}, with 95 % intervals"]
    for name in params.tasks:
        out = params.results / name
        detail = read_artifact(Detail, out)
        lines.append(_line(name, detail))
        lines += [f"  {'':10}{line}" for line in _short(facts[name])]
        lines.append(f"  {'':10}{_scored(params, name)}")
        lines.append(f"  {'':10}report {out / 'report.html'}")
    ingest = read_artifact(Ingest, params.build)
    lines += [f"  {task:10}left out: {why}" for task, why in ingest["left_out"].items()]
    lines += _sources(params, ingest["tables"], is_dated)
    lines += [one["line"] for one in ingest["findings"]]
    lines.append("next: make serve (scores on localhost), make ui (MLflow), make help")
    return "\n".join(lines)


def _scored(params: Params, name: str) -> str:
    """How many have a score to act on, and how many have none and why."""
    rows = pl.read_parquet(params.build / name / "scores.parquet", columns=["status", REASON])
    ok = (rows["status"] == OK).sum()
    why = rows.filter(pl.col("status") != OK).select(pl.coalesce(REASON, "status").alias("why"))
    counts = why["why"].value_counts(sort=True).iter_rows()
    told = ", ".join(f"{reason} {count:,}" for reason, count in counts)
    none = "nobody has" if not ok else f"{ok:,} of {len(rows):,} have"
    return f"{none} a score to act on" + (f"; {told}" if told else "")


def _short(facts: Dataset) -> list[str]:
    """Where data are too few, of all rows or of segments."""
    short = [one for one in facts.get("enough", []) if one["short"]]
    segments = [f"{one['column']} {one['segment']}" for one in short if one["column"]]
    lines = [f"too few data: {lack}" for one in short if not one["column"] for lack in one["short"]]
    return lines + ([f"too few data of {', '.join(segments)}: see the report"] if segments else [])


def _sources(params: Params, tables: Mapping[str, TableCounts], is_dated: bool) -> list[str]:
    """Rows in, accepted and set aside; coverage and age of dated ones; which tables are worth a look."""
    read, accepted, bad = (sum(table[key] for table in tables.values()) for key in COUNTED)
    lines = [
        f"{read:,} rows read, {accepted:,} accepted, {bad:,} set aside: {params.build / 'quarantine.parquet'}"
    ]
    firsts = [table["first"] for table in tables.values() if table["first"]]
    lasts = [table["last"] for table in tables.values() if table["last"]]
    ages = [table["freshness_days"] for table in tables.values() if table["freshness_days"] is not None]
    if lasts and is_dated:
        since, until, age = min(firsts)[:10], max(lasts)[:10], min(ages)
        lines.append(f"from {since} to {until}, newest row {age:,.1f} days before the extract")
    return lines + [f"warning: {found.says}" for found in assess(tables, params.ingest) if found.says]


def _line(name: str, detail: Detail) -> str:
    best = detail["best_baseline"]
    found = {key: detail["estimators"][key]["average_precision"] for key in ("model", best)}
    auc = detail["estimators"]["model"]["auc"]
    ap, other = found["model"], found[best]
    return (
        f"  {name:10}average precision {ap['value']:.3f} [{ap['low']:.3f}-{ap['high']:.3f}]"
        f" against {other['value']:.3f} of the best baseline ({best});"
        f" AUC {auc['value']:.3f} [{auc['low']:.3f}-{auc['high']:.3f}];"
        f" {detail['n']:,} rows, base rate {detail['base_rate']:.1%}"
    )
