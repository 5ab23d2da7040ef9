"""Every row is judged against the contract; the first fault of a row is its reason for quarantine."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from features import tables
from features.own_tables import is_own
from training.sources.reading.files import FILE, ROW
from training.sources.source_rows import BESIDE, COLUMN, EMPTIED, REASON, WHOLE_DAY

REFERENCES = {
    "member_id": "members",
    "lead_id": "leads",
    "campaign_id": "campaigns",
    "product_id": "products",
}
REFERRING = ("purchases", "events", "contacts", "responses", "care", "closures")
EITHER = ("events", "responses")  # rows of a member or of a lead, never of both
UNIQUE = {"leads": "lead_id"}  # beside what the contract's columns say
QUARANTINE = {
    "table": pl.String(),
    "file": pl.String(),
    "row": pl.Int64(),
    "column": pl.String(),
    "reason": pl.String(),
}

Rule = tuple[str, pl.Expr, str]  # column, truth of the fault, reason


def validate(table: str, frame: pl.DataFrame, extracted: datetime) -> pl.DataFrame:
    """Return ``frame`` with the first fault of each row marked; a fault that is marked already stays.

    Parameters
    ----------
    frame
        See ``rows.Rows``.
    extracted
        Moment of the extract: what happened later is a fault.
    """
    frame = _mark(frame, [*contract_rules(table, frame), *_rules(table, frame, extracted)])
    return _mark(frame, _doubles(table, frame))


def referred(table: str, frame: pl.DataFrame, known: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Return ``frame`` with ids marked that stand for nothing; tables without a row are not asked.

    Parameters
    ----------
    known
        Accepted ids, by table.
    """
    if not (table in REFERRING or is_own(table)):
        return frame
    return _mark(
        frame,
        [
            (name, ~pl.col(name).is_in(known[other].implode()), f"not in {other}")
            for name, other in REFERENCES.items()
            if name in frame.columns and len(known.get(other, ()))
        ],
    )


def split(table: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return accepted rows without marks, and the quarantined: table, file, row, column, reason."""
    bad = pl.col(REASON).is_not_null()
    beside = [name for name in frame.columns if name.startswith(BESIDE)]
    accepted = frame.filter(~bad).drop(FILE, ROW, COLUMN, REASON, EMPTIED, WHOLE_DAY, *beside, strict=False)
    quarantined = frame.filter(bad).select(
        pl.lit(table).alias("table"), pl.col(FILE, ROW, COLUMN, REASON).name.replace("^_", "")
    )
    return accepted, quarantined.cast(QUARANTINE)


def _mark(frame: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    if not rules:
        return frame
    found = [bad & pl.col(REASON).is_null() for _, bad, _ in rules]
    column = [pl.when(bad).then(pl.lit(rule[0])) for bad, rule in zip(found, rules, strict=True)]
    reason = [pl.when(bad).then(pl.lit(rule[2])) for bad, rule in zip(found, rules, strict=True)]
    return frame.with_columns(
        pl.coalesce(COLUMN, *column).alias(COLUMN), pl.coalesce(REASON, *reason).alias(REASON)
    )


def contract_rules(table: str, frame: pl.DataFrame) -> list[Rule]:
    """List the faults that the contract's columns name."""
    rules: list[Rule] = []
    for name, spec in tables.columns(table).items():
        if name not in frame.columns:
            continue
        if not spec.nullable:
            rules.append((name, pl.col(name).is_null(), "empty"))
        rules += [(name, *_check(name, check.name, check.statistics)) for check in spec.checks]
    return rules


def _check(name: str, check: str, limits: Mapping[str, Any]) -> tuple[pl.Expr, str]:
    """The fault that one of pandera's checks looks for, and its words."""
    value, (limit,) = pl.col(name), limits.values()
    if check == "isin":
        return ~value.is_in(list(limit)), f"not one of {', '.join(limit)}"
    if check == "not_equal_to":
        return value == limit, f"is {limit}"
    if check == "greater_than_or_equal_to":
        return value < limit, f"less than {limit}"
    if check == "less_than_or_equal_to":
        return value > limit, f"more than {limit}"
    raise ValueError(f"{name}: the contract's check {check!r} is not known here")


def _rules(table: str, frame: pl.DataFrame, extracted: datetime) -> Iterator[Rule]:
    after = pl.lit(extracted).cast(pl.Datetime("us", "UTC"))
    for name in ("occurred_at", "recorded_at"):
        if name in frame.columns:
            yield name, pl.col(name) > after, "after the extract"
    if table == "purchases":
        kind = pl.col("kind").fill_null("sale") if "kind" in frame.columns else pl.lit("sale")
        yield "quantity", (pl.col("quantity") < 0) & (kind == "sale"), "negative in a sale"
        yield "quantity", (pl.col("quantity") > 0) & (kind == "return"), "positive in a return"
    if table in EITHER:
        given = [pl.col(name).is_not_null() for name in ("member_id", "lead_id") if name in frame.columns]
        count = pl.sum_horizontal(given) if given else pl.lit(0)
        yield "member_id", count == 0, "neither member_id nor lead_id"
        yield "member_id", count == 2, "both member_id and lead_id"


def _doubles(table: str, frame: pl.DataFrame) -> list[Rule]:
    """Of rows that share an id which must be unique the first good one is right."""
    names = [name for name, spec in tables.columns(table).items() if spec.unique] + [UNIQUE.get(table, "")]
    good = pl.col(REASON).is_null()
    return [
        (name, good & ~pl.when(good).then(pl.col(name)).is_first_distinct(), "same id as an earlier row")
        for name in names
        if name
    ]
