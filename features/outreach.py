"""What members were sent and did in answer, with the content that it was about."""

from collections.abc import Iterable, Iterator, Mapping

import narwhals as nw
import polars as pl

from features import tables

COLUMNS = ("member_id", "campaign_id", "kind", "event_time", "known_time")
OUTREACH = "outreach"
SLICE = 2_000_000  # rows that are completed at once: content makes them three times as wide
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
    out = {name: _with_what_it_names(name, frame, frames) for name, frame in frames.items()}
    if set(KINDS) & set(frames):
        out[OUTREACH] = with_content(outreach(frames), _campaigns(frames), tables.CONTENT)
    return out


def enriched(frames: Mapping[str, pl.DataFrame]) -> Iterator[tuple[str, Iterator[pl.DataFrame]]]:
    """Yield the tables that ``enrich`` returns, each in slices of ``SLICE`` rows, in their order."""
    for name, frame in frames.items():
        yield name, (_with_what_it_names(name, part, frames) for part in _slices(frame))
    sent = [name for name in KINDS if name in frames]
    if sent:
        parts = (outreach({name: part}) for name in sent for part in _slices(frames[name]))
        yield OUTREACH, (with_content(part, _campaigns(frames), tables.CONTENT) for part in parts)


def _with_what_it_names(name: str, frame: pl.DataFrame, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One table of ``frames``, or a part of it, with what its products or campaigns tell."""
    if name == "purchases" and "products" in frames:
        known = frames["products"].select("product_id", known_category="category")
        found = frame.join(known, on="product_id", how="left", maintain_order="left")
        return found.with_columns(category=pl.coalesce("category", "known_category")).drop("known_category")
    if name in KINDS:
        campaigns = _campaigns(frames)
        own = [name for name in campaigns.columns if name.startswith("x_")]
        return with_content(frame, campaigns, (*tables.CONTENT, *own))
    return frame


def _campaigns(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    found = frames.get("campaigns")
    return tables.complete("campaigns", tables.empty("campaigns")) if found is None else found


def _slices(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    return frame.iter_slices(SLICE) if len(frame) > SLICE else iter([frame])
