"""What became of those whom scenes met: orders of members, conversions of leads, blocks, what was sent."""

from pathlib import Path

import polars as pl

from features.feature import DAY
from models.acting.facts import LEAD, MEMBER
from training.acting.audience import messages

CENTS = 100
MATCH = ("kind", "subject")


def with_outcomes(met: pl.DataFrame, tables: Path, days: float, now: int) -> pl.DataFrame:
    """Add ``answered`` (0 or 1), ``sales`` (money), ``contacted`` and ``opted_out`` to meetings.

    A member answers with an order, a lead with its conversion. Where contacts after the first meeting are
    known, contacted is who was sent the scene's content over its channel; else who was meant to be.

    Parameters
    ----------
    met
        A row a person: ``kind``, ``subject``, ``at`` (seconds), ``content``, ``channel``, ``acts``.
    days
        In which things count, from the meeting on.
    now
        What was known before, seconds, counts.

    Raises
    ------
    FileNotFoundError
        The table that tells the answers is missing.
    """
    until = pl.col("at") + int(days * DAY)
    within = pl.col("event_time").is_between(pl.col("at"), until, closed="left")
    found = met.with_row_index("row")
    keyed = found.select("row", *MATCH, "at", "content", "channel")
    parts = [_answers(keyed, tables, now, within), _blocks(keyed, tables, now, within)]
    for part in parts:
        found = found.join(part, on="row", how="left", maintain_order="left")
    return found.with_columns(
        answered=pl.col("answered").fill_null(False).cast(pl.Float64),
        sales=pl.col("sales").fill_null(0.0),
        opted_out=pl.col("opted_out").fill_null(False),
        contacted=_contacted(keyed, found["acts"], tables, now, within),
    ).drop("row")


def _answers(met: pl.DataFrame, tables: Path, now: int, within: pl.Expr) -> pl.DataFrame:
    """Who bought or converted, and the net sales, returns taken off, of those of whom there is anything."""
    parts = [pl.DataFrame(schema={"row": pl.UInt32, "answered": pl.Boolean, "sales": pl.Float64})]
    if (met["kind"] == MEMBER).any():
        bought = _rows(tables, "purchases", now).rename({"kind": "sort"})
        rows = met.filter(pl.col("kind") == MEMBER).join(bought, left_on="subject", right_on="member_id")
        parts.append(
            rows.filter(within)
            .group_by("row")
            .agg(
                answered=(pl.col("sort").fill_null("sale") == "sale").any(),
                sales=pl.col("amount_cents").sum() / CENTS,
            )
        )
    if (met["kind"] == LEAD).any():
        won = _rows(tables, "responses", now).filter(pl.col("kind") == "converted").drop("kind")
        rows = met.filter(pl.col("kind") == LEAD).join(won, left_on="subject", right_on="lead_id")
        found = rows.filter(within).select("row").unique()
        parts.append(found.with_columns(answered=pl.lit(True), sales=pl.lit(0.0)))
    return pl.concat(parts)


def _blocks(met: pl.DataFrame, tables: Path, now: int, within: pl.Expr) -> pl.DataFrame:
    """Members who blocked; none where the source has no responses."""
    if not (tables / "responses.parquet").exists():
        return pl.DataFrame(schema={"row": pl.UInt32, "opted_out": pl.Boolean})
    blocked = _rows(tables, "responses", now).filter(pl.col("kind") == "blocked").drop("kind")
    rows = met.filter(pl.col("kind") == MEMBER).join(blocked, left_on="subject", right_on="member_id")
    return rows.filter(within).select("row").unique().with_columns(opted_out=pl.lit(True))


def _contacted(met: pl.DataFrame, meant: pl.Series, tables: Path, now: int, within: pl.Expr) -> pl.Series:
    sent = messages(tables, now).filter(pl.col("event_time") >= (met["at"].min() or 0))
    if sent.is_empty():
        return meant
    keys = {"subject": "member_id", "content": "content_content_type", "channel": "content_channel"}
    sent = sent.select("event_time", **{name: pl.col(own) for name, own in keys.items()})
    rows = met.join(sent, on=list(keys)).filter(within)["row"].unique()
    by_message = met["row"].is_in(rows.implode()) if len(rows) else pl.repeat(False, len(met), eager=True)
    unseen = (met["kind"] == LEAD) | (met["content"] == "")  # a talk is no message
    return met.select(pl.when(unseen).then(meant).otherwise(by_message)).to_series()


def _rows(tables: Path, name: str, now: int) -> pl.DataFrame:
    path = tables / f"{name}.parquet"
    if not path.exists():
        raise FileNotFoundError(f"{path}: not there; it tells the answers of those whom scenes met")
    return pl.read_parquet(path).filter(pl.col("known_time") < now)
