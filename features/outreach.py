"""What members were sent and did in answer, with the content that it was about."""

from collections.abc import Iterable, Mapping

import narwhals as nw
import polars as pl

from features import tables

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


def enrich(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Copy what belongs to a product or a campaign onto the rows that name it.

    Purchases get an empty ``category`` from their product; contacts and responses get the
    campaign's content, each column prefixed ``content_``. Afterwards no feature needs a
    second join. ``outreach`` is contacts and responses of members in one table.
    """
    out = dict(frames)
    if "purchases" in out and "products" in out:
        known = out["products"].select("product_id", known_category="category")
        out["purchases"] = (
            out["purchases"]
            .join(known, on="product_id", how="left", maintain_order="left")
            .with_columns(category=pl.coalesce("category", "known_category"))
            .drop("known_category")
        )
    campaigns = out.get("campaigns", tables.complete("campaigns", tables.empty("campaigns")))
    own = [name for name in campaigns.columns if name.startswith("x_")]
    for name in ("contacts", "responses"):
        if name in out:
            out[name] = with_content(out[name], campaigns, (*tables.CONTENT, *own))
    if "contacts" in out or "responses" in out:
        out["outreach"] = with_content(outreach(frames), campaigns, tables.CONTENT)
    return out
