"""Attributes of members between their changes: an empty cell means unchanged."""

import polars as pl


def carried(members: pl.DataFrame) -> pl.DataFrame:
    """Fill the empty cells of a member's row with what was known last before it.

    Only rows that were known before count, so that a row learned later changes none of these.
    """
    order = ["known_time", "event_time"]
    kept = ("member_id", "occurred_at", "recorded_at", *order)
    own = [
        name for name in members.columns if name not in kept and 0 < members[name].null_count() < len(members)
    ]
    if not own:
        return members
    several = members.filter(pl.col("member_id").is_duplicated())
    states = several.group_by("member_id", *order).agg(pl.col(own).max()).sort("member_id", *order)
    before = _newest_before(states, own)
    joined = members.join(before, on=["member_id", *order], how="left", maintain_order="left")
    filled = joined.with_columns(pl.coalesce(name, f"{name}_before").alias(name) for name in own)
    return filled.select(members.columns)


def _newest_before(states: pl.DataFrame, own: list[str]) -> pl.DataFrame:
    """Of a member's rows before, in the order in which they were known, the value that happened last.

    One plain window a step: nested ones would be taken member by member, a hundred times slower.
    """
    happened = (pl.when(pl.col(name).is_not_null()).then("event_time").alias(f"{name}_at") for name in own)
    steps = states.with_columns(happened).with_columns(
        pl.col(f"{name}_at").cum_max().over("member_id").alias(f"{name}_last") for name in own
    )
    is_news = {name: pl.col(f"{name}_at") == pl.col(f"{name}_last") for name in own}
    return (
        steps.with_columns(pl.when(is_news[name]).then(name).alias(f"{name}_before") for name in own)
        .with_columns(pl.col(f"{name}_before").forward_fill().over("member_id") for name in own)
        .with_columns(pl.col(f"{name}_before").shift().over("member_id") for name in own)
        .drop(*own, *(f"{name}{end}" for name in own for end in ("_at", "_last")))
    )
