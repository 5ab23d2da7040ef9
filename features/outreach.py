"""What members were sent and did in answer, with the content that it was about."""

from collections.abc import Iterable, Mapping

import narwhals as nw
import polars as pl

COLUMNS = ("member_id", "campaign_id", "kind", "event_time", "known_time")
# What the kind of a row is made of in each table that outreach is put together from.
KINDS = {
    "contacts": nw.when(nw.col("arm") == "control").then(nw.lit("held_out")).otherwise(nw.lit("sent")),
    "responses": nw.col("kind"),
}


def with_content(frame: pl.DataFrame, campaigns: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Copy these columns of the campaign that each row names onto it, prefixed ``content_``."""
    content = campaigns.select("campaign_id", *(pl.col(name).alias(f"content_{name}") for name in names))
    return frame.join(content, on="campaign_id", how="left", maintain_order="left")


def outreach(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return what was sent, held out, opened, clicked, answered and blocked, one row each."""
    parts = [
        nw.from_native(frame)
        .with_columns(kind=kind)
        .filter(~nw.col("member_id").is_null())
        .select(COLUMNS)
        .to_native()
        for name, kind in KINDS.items()
        if (frame := tables.get(name)) is not None
    ]
    return pl.concat(parts)
