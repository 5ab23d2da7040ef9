"""When a pack should be empty: days from one purchase of an item to the next, shrunk.

Mean log days of a member's own item lean on the item's, those on its category's, and those on all of
them, by credibility (Bühlmann 1967): the fewer pauses and the more alike the groups, the more they lean.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

DAY = 86_400


@dataclass(frozen=True)
class Pace:
    """How long an item lasts.

    Parameters
    ----------
    own
        ``member``, ``item``, ``log_days``: of those who bought the item again.
    per_quantity
        Power of the quantity by which a purchase lasts longer, between 0 and 1.
    """

    own: pl.DataFrame
    per_quantity: float


def shrunk(value: np.ndarray, group: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return each row's group mean, leaning on ``prior``, shape (rows,).

    Parameters
    ----------
    value, prior
        What was seen and what was to be expected, shape (rows,).
    group
        Codes from 0, shape (rows,).

    Examples
    --------
    >>> shrunk(np.array([1.0, 1.2, 3.0, 3.2]), np.array([0, 0, 1, 1]), np.full(4, 2.1)).round(2).tolist()
    [1.11, 1.11, 3.09, 3.09]
    """
    count = np.bincount(group)
    off = value - prior
    mean = np.bincount(group, off) / np.maximum(count, 1)
    spare = len(value) - np.count_nonzero(count)
    within = float(np.sum((off - mean[group]) ** 2)) / spare if spare else 0.0
    between = (float(np.sum(count * mean**2)) - np.count_nonzero(count) * within) / max(len(value), 1)
    if between <= 0:
        return prior.copy()
    weight = count / (count + within / between)
    return prior + (weight * mean)[group]


def days_of_purchase(sales: pl.DataFrame) -> pl.DataFrame:
    """Return a row a member, item and day, in order of time, with the day before it.

    Columns: ``time``, ``quantity``, ``category``, ``former_time``, ``former_quantity``, ``bought`` (days).

    Parameters
    ----------
    sales
        ``member_id``, ``item``, ``category``, ``event_time`` (seconds), ``quantity``.
    """
    daily = (
        sales.with_columns(day=pl.col("event_time") // DAY)
        .group_by("member_id", "item", "day", maintain_order=True)
        .agg(
            time=pl.col("event_time").max(),
            quantity=pl.col("quantity").sum(),
            category=pl.col("category").first(),
        )
        .sort("member_id", "item", "day")
    )
    former = pl.col("time", "quantity").shift().over("member_id", "item").name.prefix("former_")
    bought = pl.int_range(1, pl.len() + 1).over("member_id", "item")
    return daily.with_columns(former, bought=bought)


def pace(daily: pl.DataFrame) -> Pace:
    """Return how long items last, from the output of ``days_of_purchase``; empty where nothing came again."""
    again = daily.drop_nulls("former_time")
    schema = {"member_id": pl.String, "item": pl.String, "log_days": pl.Float64}
    if again.is_empty():
        return Pace(pl.DataFrame(schema=schema), 0.0)
    days = np.log(np.maximum((again["time"] - again["former_time"]).to_numpy() / DAY, 1.0))
    amount = np.log(np.maximum(again["former_quantity"].to_numpy(), 1).astype(np.float64))
    power = _per_quantity(days, amount)
    value = days - power * amount
    found = np.full(len(value), value.mean())
    for names in (["category"], ["item"], ["member_id", "item"]):
        found = shrunk(value, _codes(again, names), found)
    own = again.select("member_id", "item").with_columns(log_days=pl.Series(found))
    return Pace(own.unique(["member_id", "item"], keep="last", maintain_order=True), power)


def _per_quantity(days: np.ndarray, amount: np.ndarray) -> float:
    """Slope of log days over log quantity, a share: a double pack lasts at most twice as long."""
    spread = float(np.var(amount))
    slope = float(np.mean((days - days.mean()) * (amount - amount.mean()))) / spread if spread else 0.0
    return min(max(slope, 0.0), 1.0)


def _codes(rows: pl.DataFrame, names: list[str]) -> np.ndarray:
    return rows.select(pl.struct(names).rank("dense") - 1).to_series().to_numpy().astype(np.int64)


def empty_packs(sales: pl.DataFrame, moment: int) -> pl.DataFrame:
    """Return of each member the pack that became empty last: ``pack``, ``pack_empty_days``, ``pack_bought``.

    Only items that the member has bought on two days or more; who has none that should be empty by
    ``moment`` (seconds) has no row.
    """
    daily = days_of_purchase(sales)
    known = pace(daily)
    last = daily.group_by("member_id", "item", maintain_order=True).last()
    lasts = (pl.col("log_days") + known.per_quantity * pl.col("quantity").clip(1).log()).exp() * DAY
    rows = last.join(known.own, on=["member_id", "item"]).with_columns(
        pack_empty_days=(moment - pl.col("time") - lasts) / DAY
    )
    empty = rows.filter(pl.col("pack_empty_days") >= 0).sort("pack_empty_days", "item")
    return empty.unique("member_id", keep="first", maintain_order=True).select(
        "member_id", "pack_empty_days", pack="category", pack_bought=pl.col("bought").cast(pl.Int64)
    )
