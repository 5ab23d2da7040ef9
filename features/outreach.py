"""What members were sent and did in answer, with the content that it was about."""

from collections.abc import Iterable, Mapping

import polars as pl


def with_content(frame: pl.DataFrame, campaigns: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Copy these columns of the campaign that each row names onto it, prefixed ``content_``."""
    content = campaigns.select("campaign_id", *(pl.col(name).alias(f"content_{name}") for name in names))
    return frame.join(content, on="campaign_id", how="left", maintain_order="left")


def outreach(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return what was sent, held out, opened, clicked, answered and blocked, one row each."""
    wanted = ("member_id", "campaign_id", "kind", "event_time", "known_time")
    sent = pl.when(pl.col("arm") == "control").then(pl.lit("held_out")).otherwise(pl.lit("sent"))
    parts = [
        frame.with_columns(kind=kind).filter(pl.col("member_id").is_not_null()).select(wanted)
        for name, kind in (("contacts", sent), ("responses", pl.col("kind")))
        if (frame := tables.get(name)) is not None
    ]
    return pl.concat(parts)
