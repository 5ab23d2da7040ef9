"""Identity binding: rows of accounts on platforms become those of members.

They are known no earlier than the binding is (``bindings``): what was known before does not change.
"""

import polars as pl

from features.own_tables import is_own
from training.sources.judging.bindings import TIME, Bindings
from training.sources.source_rows import COLUMN, REASON

BOUND = ("members", "purchases", "events", "contacts", "responses", "care")


def bind(table: str, frame: pl.DataFrame, found: Bindings, members: pl.Series) -> pl.DataFrame:
    """Return rows of accounts as rows of their members; an account that is bound to nobody is marked.

    Parameters
    ----------
    frame
        See ``rows.Rows``.
    members
        Ids with a row of their own in ``members``: an account among them is a member until it is bound.
    """
    if not (table in BOUND or is_own(table)) or "member_id" not in frame.columns:
        return frame
    if "recorded_at" not in frame.columns:
        frame = frame.with_columns(recorded_at=pl.lit(None, TIME))
    joined = frame.join(
        found.accounts, left_on="member_id", right_on="account", how="left", maintain_order="left"
    )
    known = pl.max_horizontal("occurred_at", "recorded_at", "bound_at")
    final, alone = pl.coalesce("owner", "member_id"), pl.lit(False)
    if found.platforms:
        alone = pl.any_horizontal(final.str.starts_with(f"{name}:") for name in found.platforms)
        alone &= ~final.is_in(members.implode()) & pl.col(REASON).is_null()
    return joined.with_columns(
        member_id=final,
        recorded_at=pl.when(pl.col("owner").is_not_null()).then(known).otherwise("recorded_at"),
        **{
            COLUMN: pl.when(alone).then(pl.lit("member_id")).otherwise(COLUMN),
            REASON: pl.when(alone).then(pl.lit("account not bound")).otherwise(REASON),
        },
    ).drop("owner", "bound_at")
