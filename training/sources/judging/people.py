"""People stay: a bad cell empties the cell, and a profile that is set aside keeps what its owner refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import polars as pl

from training.sources.judging.findings import Finding
from training.sources.judging.validate import contract_rules
from training.sources.reading.files import FILE, ROW
from training.sources.source_rows import EMPTIED, PEOPLE, REASON, SourceRows, can_be_emptied

CONSENT = ("consent_profiling", "consent_marketing")
REFUSED, UNKNOWN = "withdrawn", "unknown"
MANY = 0.2  # of the rows: then it is the mapping, and not a few people


def emptied(table: str, rows: SourceRows) -> SourceRows:
    """Empty the cells that break the contract, where the row of a person can do without them."""
    frame = rows.frame
    if table not in PEOPLE:
        return rows
    rules = [rule for rule in contract_rules(table, frame) if can_be_emptied(table, rule[0])]
    said = [pl.when(bad).then(pl.lit(f"{name}: {reason}")) for name, bad, reason in rules]
    if not said:
        return rows
    before = [pl.col(EMPTIED).fill_null([])] if EMPTIED in frame.columns else []
    marked = frame.with_columns(pl.concat_list(*before, *said).list.drop_nulls().alias(EMPTIED))
    faults = {name: [bad for other, bad, _ in rules if other == name] for name, _, _ in rules}
    clean = [_without(PEOPLE[table], name, pl.any_horizontal(bad)) for name, bad in faults.items()]
    return replace(rows, frame=marked.with_columns(clean))


def _without(key: str, name: str, bad: pl.Expr) -> pl.Expr:
    """What a bad cell becomes; a word that cannot be read is no consent, and lifts no refusal."""
    if name not in CONSENT:
        return pl.when(bad).then(None).otherwise(name).alias(name)
    refused = (pl.col(name) == REFUSED).any().over(key)
    word = pl.when(refused).then(pl.lit(REFUSED)).otherwise(pl.lit(UNKNOWN))
    return pl.when(bad).then(word).otherwise(name).alias(name)


def refusals(members: pl.DataFrame) -> pl.DataFrame:
    """Return what people refused in profiles that are set aside; a grant in such a row is none."""
    aside = members.filter(pl.col(REASON).is_not_null() & pl.col("member_id").is_not_null())
    words = [name for name in CONSENT if name in members.columns]
    # By the alphabet the stricter of two words comes last: unknown before withdrawn.
    kept = [pl.col(name).filter(pl.col(name) != "granted").max() for name in words]
    dead = [pl.col("deceased").filter("deceased").max()] if "deceased" in members.columns else []
    found = aside.group_by("member_id").agg(*kept, *dead).sort("member_id")
    told = found.columns[1:]
    return found.filter(pl.any_horizontal(pl.col(told).is_not_null())) if told else found.clear()


def with_refusals(members: pl.DataFrame, refused: pl.DataFrame, since: datetime) -> pl.DataFrame:
    """Put refusals of set-aside profiles after everything else that is known of these members."""
    kept = refused.join(members.select("member_id").unique(), on="member_id", how="semi")
    if not kept.height:
        return members
    return pl.concat(
        [members, kept.with_columns(occurred_at=pl.lit(since).cast(pl.Datetime("us", "UTC")))],
        how="diagonal_relaxed",
    )


def emptied_cells(table: str, rows: SourceRows) -> Iterator[Finding]:
    """Say which columns had cells that were emptied, with a place where one stood."""
    if EMPTIED not in rows.frame.columns:
        return
    cells = rows.frame.select(FILE, ROW, EMPTIED).explode(EMPTIED).drop_nulls(EMPTIED)
    for (said,), found in cells.group_by(EMPTIED, maintain_order=True):
        column = str(said).partition(":")[0]
        file, row, _ = found.row(0)
        kept = "; people keep their other cells"
        says = f"{found.height:,} cells are emptied ({said}), the first in row {row} of {file}{kept}"
        advice = "Mend them, or name the words under `map` of the column"
        is_mapping = found.height >= MANY * rows.frame.height and column not in CONSENT
        yield Finding(table, "emptied_cells", says, advice, stops=is_mapping)
