"""Rows that are set aside, weighed by what they hold: money, members, outcomes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from training.sources.judging.findings import Finding
from training.sources.reading.files import FILE, ROW

LOST = 0.05  # of money, members or outcomes
ENOUGH_ROWS = 50  # before shares mean anything
FEW = 3  # outcomes set aside may be oddities
UNREAD = "Amounts written for people, as 1,299.00, need `decimal` in their cell"
OUTCOMES = {"responses": "kind", "subjects": "label"}


@dataclass
class SetAside:
    """What good and bad rows of one table hold, chunk by chunk."""

    table: str
    seen: list[pl.DataFrame] = field(default_factory=list)

    def add(self, frame: pl.DataFrame, aside: pl.DataFrame) -> None:
        """Weigh one chunk."""
        if self.table == "purchases":
            self.seen.append(_money(frame, aside))
        elif self.table in OUTCOMES and OUTCOMES[self.table] in frame.columns:
            kind = pl.col(OUTCOMES[self.table]).cast(pl.String)
            weighed = with_marks(frame, aside).group_by("_aside", kind=kind).agg(rows=pl.len())
            self.seen.append(weighed)

    def findings(self) -> Iterator[Finding]:
        """Say where few bad rows are much of what counts."""
        if self.seen and self.table == "purchases":
            yield from _of_money(pl.concat(self.seen))
        elif self.seen:
            yield from _of_outcomes(self.table, pl.concat(self.seen))


def with_marks(frame: pl.DataFrame, aside: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` with ``_aside``, whether a row is, and ``_unread``,
    whether it is for want of its price.
    """
    unread = (pl.col("column") == "unit_price_cents") & pl.col("reason").str.starts_with("not ")
    bad = aside.select(
        pl.col("file").alias(FILE), pl.col("row").alias(ROW), _aside=pl.lit(True), _unread=unread
    )
    bad = bad.group_by(FILE, ROW).agg(pl.col("_aside", "_unread").any())  # a row may have several products
    joined = frame.join(bad, on=[FILE, ROW], how="left", maintain_order="left")
    return joined.with_columns(pl.col("_aside", "_unread").fill_null(False))


def _money(frame: pl.DataFrame, aside: pl.DataFrame) -> pl.DataFrame:
    """Of each row its owner, the money that could be read, and whether it is set aside."""
    there = {name: pl.col(name) for name in ("member_id", "unit_price_cents") if name in frame.columns}
    quantity = pl.col("quantity") if "quantity" in frame.columns else pl.lit(1)
    amount = (there.get("unit_price_cents", pl.lit(0)) * quantity).abs()
    owner = there.get("member_id", pl.lit(None, pl.String))
    made = with_marks(frame, aside).select("_aside", "_unread", id=owner, amount=amount)
    return made.group_by("id", "_aside").agg(
        pl.col("amount").sum(), unread=pl.col("_unread").sum(), rows=pl.len()
    )


def _of_money(money: pl.DataFrame) -> Iterator[Finding]:
    bad = money.filter("_aside")
    lost, whole = bad["amount"].sum(), max(money["amount"].sum(), 1)
    people = money["id"].drop_nulls().n_unique()
    gone = people - money.filter(~pl.col("_aside"))["id"].drop_nulls().n_unique()
    unread = bad["unread"].sum()
    advice = f"See the reasons above. {UNREAD}"
    enough = money["rows"].sum() >= ENOUGH_ROWS
    if enough and (lost > LOST * whole or (gone > LOST * people and gone > 1)):
        people_lost = f"all rows of {gone:,} of {people:,} members"
        says = f"rows set aside hold {lost / whole:.0%} of the money, and {people_lost}"
        yield Finding("purchases", "set_aside", says, advice)
    elif unread:
        says = f"the amounts of {unread:,} rows set aside cannot be read, and are often the largest"
        yield Finding("purchases", "set_aside", says, advice, stops=False)


def _of_outcomes(table: str, weighed: pl.DataFrame) -> Iterator[Finding]:
    """Find kinds of outcomes of which too many are lost; that nothing happened is no outcome."""
    counts = weighed.filter(pl.col("kind").is_not_null() & (pl.col("kind") != "false"))
    found = counts.group_by("kind").agg(
        lost=pl.col("rows").filter("_aside").sum(), whole=pl.col("rows").sum()
    )
    for kind, lost, whole in found.sort("kind").iter_rows():
        if lost >= FEW and lost > LOST * whole:
            named = f"outcomes {kind!r}" if table == "responses" else "outcomes"
            says = (
                f"{lost:,} of {whole:,} {named} are set aside ({lost / whole:.0%}), and would count as none"
            )
            yield Finding(table, "set_aside", says, "See the reasons above, and mend the cells or the keys")
