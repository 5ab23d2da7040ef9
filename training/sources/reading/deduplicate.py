"""Fewer rows of one id: its first one, or those that change something."""

from typing import Literal

import polars as pl

from training.sources.source_rows import REASON

IDS = {
    "members": ("member_id",),
    "leads": ("lead_id",),
    "identities": ("platform", "account_id", "member_id"),
    "products": ("product_id",),
    "campaigns": ("campaign_id",),
    "contacts": ("contact_id",),
    "subjects": ("subject_id",),
}
ORDER = "_order"


def check_rule(table: str, rule: str, place: str) -> None:
    """Raise ``ValueError`` where a rule is for a table whose rows have no id."""
    if rule != "all" and table not in IDS:
        raise ValueError(
            f"{place}: {rule!r} is allowed for {sorted(IDS)}, found in {table}; of rows that stand in "
            "several exports `newest` of the source keeps those of the newest"
        )


def deduplicate(frame: pl.DataFrame, table: str, rule: Literal["all", "first", "changes"]) -> pl.DataFrame:
    """Return ``frame`` without the rows that the rule leaves out; rows with a fault stay, to be counted."""
    if rule == "all":
        return frame
    keys, times = list(IDS[table]), [name for name in ("occurred_at",) if name in frame.columns]
    ordered = frame.with_row_index(ORDER).sort(*keys, *times, ORDER, nulls_last=True)
    wanted = pl.any_horizontal((pl.col(key) != pl.col(key).shift()).fill_null(True) for key in keys)
    if rule == "changes":
        others = [name for name in frame.columns if name[0] != "_" and name not in (*keys, *times)]
        changed = [pl.col(name).ne_missing(pl.col(name).shift()) for name in others]
        wanted |= pl.any_horizontal(changed) if changed else pl.lit(False)
    return ordered.filter(wanted | pl.col(REASON).is_not_null()).sort(ORDER).drop(ORDER)
