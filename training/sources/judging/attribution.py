"""Answers that do not name what they answer: each counts for one contact, by one rule.

The newest contact of the member before the answer, of those that were known when the answer was: what becomes
known later must not move an answer that features have read already. Of several at the same moment one by lot,
which falls the same each time, so that no campaign is favoured for its name.
"""

from collections.abc import Iterator
from hashlib import blake2b

import polars as pl

from training.sources.judging.findings import Finding

BLOCKED = "blocked"  # is of the sender, not of a campaign
PLACE = "_place"


def attributed(responses: pl.DataFrame, contacts: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Return ``responses`` with the campaigns that they answer, and what is to be said of it."""
    names = ("member_id", "campaign_id")
    if not contacts.height or "member_id" not in responses.columns or not set(names) <= set(contacts.columns):
        return responses, []
    whole = responses if "campaign_id" in responses.columns else _with_campaign(responses)
    placed = whole.with_row_index(PLACE)
    open_ones = placed.filter(
        pl.col("campaign_id").is_null(), pl.col("member_id").is_not_null(), pl.col("kind") != BLOCKED
    )
    if not open_ones.height:
        return responses, []
    told = _newest(open_ones, contacts)
    chosen = told.select(PLACE, chosen="campaign_id")
    found = placed.join(chosen, on=PLACE, how="left", maintain_order="left")
    made = found.with_columns(campaign_id=pl.coalesce("campaign_id", "chosen")).drop(PLACE, "chosen")
    return made, list(_said(open_ones.height, whole.height, told))


def _with_campaign(responses: pl.DataFrame) -> pl.DataFrame:
    return responses.with_columns(campaign_id=pl.lit(None, pl.String))


def _newest(answers: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """One campaign for each answer that has one, and among how many it was drawn."""
    asked = answers.select(PLACE, "member_id", at="occurred_at", known=_known(answers))
    sent = contacts.select("member_id", "campaign_id", sent="occurred_at", told=_known(contacts)).unique()
    before = asked.join(sent, on="member_id").filter(
        pl.col("sent") <= pl.col("at"), pl.col("told") <= pl.col("known")
    )
    last = before.filter(pl.col("sent") == pl.col("sent").max().over(PLACE))
    told = last.group_by(PLACE, "member_id", "at").agg(pl.col("campaign_id").unique().sort())
    drawn = [_drawn(*row) for row in told.select("campaign_id", "member_id", "at").iter_rows()]
    several = told["campaign_id"].list.len()
    return told.select(PLACE, campaign_id=pl.Series(drawn, dtype=pl.String), several=several)


def _known(rows: pl.DataFrame) -> pl.Expr:
    """When rows became known: as recorded, at the event where that is not told."""
    return pl.max_horizontal(name for name in ("occurred_at", "recorded_at") if name in rows.columns)


def _drawn(campaigns: list[str], member: str, at: object) -> str:
    lot = blake2b(f"{member} {at}".encode(), digest_size=8).digest()
    return campaigns[int.from_bytes(lot) % len(campaigns)]


def _said(count: int, whole: int, told: pl.DataFrame) -> Iterator[Finding]:
    several, alone = told.filter(pl.col("several") > 1).height, count - told.height
    says = (
        f"{count:,} of {whole:,} answers name no campaign; each counts once, for the newest contact before "
        f"it: {several:,} of them could belong to several of the same moment, of which one is taken by lot, "
        f"and {alone:,} follow no contact and count for none"
    )
    advice = (
        "Name the campaign where it is known; from answers drawn by lot no campaign can be told from another"
    )
    yield Finding("responses", "unattributed", says, advice, stops=alone > count / 2)
