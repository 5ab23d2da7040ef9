"""What the member bought: recency, frequency, monetary value, rhythm, trend, breadth.

Rhythm is computed from whole hours, so that sums of squares are exact integers and the same on
every engine, in whatever order the rows come.
"""

from dataclasses import replace

import narwhals as nw

from features.feature import DAY, Feature, Group, Selection
from features.lifecycle import stage
from features.lifecycle_limits import LifecycleLimits

SALE, RETURN = nw.col("kind") == "sale", nw.col("kind") == "return"
HOUR = (nw.col("event_time") % DAY) // 3600
WEEKDAY = (nw.col("event_time") // DAY + 3) % 7  # Monday is 0; 1970-01-01 was a Thursday
GAP = nw.col("gap_hours")
PAUSE = GAP >= 12
YEARLY_DAYS = 90  # of relation at least, for a value a year


def ratio(above: nw.Expr, below: nw.Expr) -> nw.Expr:
    """Return ``above / below``.

    Empty where ``below`` is not positive (engines differ on division by zero).
    """
    return above / nw.when(below > 0).then(below)


def pauses(rows: Selection) -> Selection:
    """Keep times between rows on different days: lines of one order have no gap."""
    return rows.where(PAUSE)


def spread(rows: Selection) -> nw.Expr:
    """Return the standard deviation of the pauses in days, from exact sums of whole hours."""
    apart = pauses(rows)
    n, total, squares = apart["gap_hours"].count(), apart["gap_hours"].sum(), apart.of(GAP * GAP).sum()
    variance = ratio(squares - ratio(total * total, n), n - 1)
    return nw.when(variance > 0).then(variance).otherwise(0.0).sqrt() / 24


def _stage(limits: LifecycleLimits) -> Feature:
    return Feature("stage", stage(limits), "category", "lifecycle stage", "生命周期阶段")


def with_limits(group: Group, limits: LifecycleLimits) -> Group:
    """Return ``group`` with its stage by a brand's own limits; a group without one stays as it is."""
    derived = tuple(_stage(limits) if feature.name == "stage" else feature for feature in group.derived)
    return replace(group, derived=derived)


def _hours() -> nw.Expr:
    """The part of the day in which most lines were bought; a tie goes to the later part."""
    morning, evening = nw.col("lines_morning"), nw.col("lines_evening")
    afternoon = nw.col("lines") - morning - evening
    later = nw.when(afternoon >= morning).then(nw.lit("afternoon")).otherwise(nw.lit("morning"))
    most = nw.when((evening >= afternoon) & (evening >= morning)).then(nw.lit("evening")).otherwise(later)
    return nw.when(nw.col("lines") > 0).then(most)


# fmt: off
PURCHASES = Group(
    name="purchases",
    table="purchases",
    en="Purchases",
    zh="购买",
    windows=(30, 90, 180, 365),
    rows={
        "newest_age": nw.col("age").min().over("row_id"),
        "gap_hours": nw.col("event_time").diff().over("row_id", order_by="event_time") // 3600,
    },
    features=(
        Feature("days_since_order", lambda r: r.where(SALE).days_since(), "days", "days since the last order", "距上次购买天数"),
        Feature("days_since_first_order", lambda r: r.where(SALE)["age"].max() / DAY, "days", "days since the first order", "距首次购买天数"),
        Feature("orders", lambda r: r.where(SALE).distinct("order_id"), "orders", "orders so far", "累计订单数", 0),
        Feature("revenue", lambda r: r["amount_cents"].sum(), "cents", "net revenue so far", "累计净消费额", 0),
        Feature("orders_{days}d", lambda r: r.where(SALE).distinct("order_id"), "orders", "orders in the last {days} days", "近 {days} 天订单数", 0),
        Feature("revenue_{days}d", lambda r: r["amount_cents"].sum(), "cents", "net revenue in the last {days} days", "近 {days} 天净消费额", 0),
        Feature("pieces_{days}d", lambda r: r.where(SALE)["quantity"].sum(), "pieces", "pieces bought in the last {days} days", "近 {days} 天购买件数", 0),
        Feature("categories_{days}d", lambda r: r.where(SALE).distinct("category"), "categories", "product categories bought in the last {days} days", "近 {days} 天购买品类数", 0),
        Feature("discount_{days}d", lambda r: r.where(SALE)["discount_cents"].sum(), "cents", "discounts in the last {days} days", "近 {days} 天优惠金额", 0),
        Feature("returns_{days}d", lambda r: r.where(RETURN).count(), "lines", "lines returned in the last {days} days", "近 {days} 天退货行数", 0),
        Feature("products", lambda r: r.where(SALE).distinct("product_id"), "products", "different products so far", "累计购买商品数", 0),
        Feature("purchase_channels", lambda r: r.where(SALE).distinct("channel"), "channels", "channels bought in so far", "累计购买渠道数", 0),
        Feature("last_purchase_channel", lambda r: r.last("channel"), "category", "channel of the last purchase", "最近购买渠道"),
        Feature("last_category", lambda r: r.last("category"), "category", "category of the last purchase", "最近购买品类"),
        Feature("gap_mean_days", lambda r: ratio(pauses(r)["gap_hours"].sum(), pauses(r)["gap_hours"].count()) / 24, "days", "mean time between purchases", "平均购买间隔天数"),
        Feature("gap_std_days", spread, "days", "spread of the time between purchases", "购买间隔的波动天数"),
        Feature("gap_max_days", lambda r: pauses(r)["gap_hours"].max() / 24, "days", "longest pause so far", "最长购买间隔天数"),
        Feature("lines_evening", lambda r: r.where(SALE).where(HOUR >= 18).count(), "lines", "lines bought after 18:00 (UTC)", "18:00 后购买行数（UTC）", 0),
        Feature("lines_morning", lambda r: r.where(SALE).where(HOUR < 12).count(), "lines", "lines bought before 12:00 (UTC)", "12:00 前购买行数（UTC）", 0),
        Feature("lines_store", lambda r: r.where(SALE).where(nw.col("channel") == "store").count(), "lines", "lines bought in a store", "门店购买行数", 0),
        Feature("lines_weekend", lambda r: r.where(SALE).where(WEEKDAY >= 5).count(), "lines", "lines bought at weekends", "周末购买行数", 0),
        Feature("lines", lambda r: r.where(SALE).count(), "lines", "lines bought so far", "累计购买行数", 0),
    ),
    derived=(
        Feature("overdue_ratio", ratio(nw.col("days_since_order"), nw.col("gap_mean_days")), "ratio", "time since the last order over the usual pause", "距上次购买时间与平均间隔之比"),
        Feature("order_value", ratio(nw.col("revenue"), nw.col("orders")), "cents", "mean value of an order", "平均订单金额"),
        Feature("order_value_90d", ratio(nw.col("revenue_90d"), nw.col("orders_90d")), "cents", "mean value of an order in the last 90 days", "近 90 天平均订单金额"),
        Feature("orders_trend", ratio(nw.col("orders_90d"), nw.col("orders_180d")), "share", "share of the last 180 days' orders that fell in the last 90", "近 180 天订单中近 90 天占比"),
        Feature("revenue_trend", ratio(nw.col("revenue_90d"), nw.col("revenue_180d")), "share", "share of the last 180 days' revenue that fell in the last 90", "近 180 天消费中近 90 天占比"),
        Feature("orders_per_month", ratio(nw.col("orders"), nw.col("days_since_first_order")) * 30, "orders", "orders a month since the first", "自首购以来月均订单数"),
        Feature("discount_share", ratio(nw.col("discount_365d"), nw.col("discount_365d") + nw.col("revenue_365d")), "share", "share of the list price saved by discounts in a year", "近一年优惠占比"),
        Feature("return_share", ratio(nw.col("returns_365d"), nw.col("lines")), "share", "lines returned in a year over all lines bought", "近一年退货行占比"),
        Feature("evening_share", ratio(nw.col("lines_evening"), nw.col("lines")), "share", "share of lines bought after 18:00 (UTC)", "18:00 后购买占比（UTC）"),
        Feature("preferred_hours", _hours(), "category", "part of the day with most purchases (UTC)", "主要购买时段（UTC）"),
        Feature("store_share", ratio(nw.col("lines_store"), nw.col("lines")), "share", "share of lines bought in a store", "门店购买占比"),
        Feature("yearly_value", nw.col("revenue") * 365 / nw.max_horizontal(nw.col("days_since_first_order"), nw.lit(float(YEARLY_DAYS))), "cents", "net revenue a year since the first order", "自首购以来年均净消费额"),
        _stage(LifecycleLimits()),
        Feature("weekend_share", ratio(nw.col("lines_weekend"), nw.col("lines")), "share", "share of lines bought at weekends", "周末购买占比"),
    ),
)

SAME, OTHER = nw.col("category") == nw.col("asked_category"), nw.col("category") != nw.col("asked_category")
DISCOUNTED, OFFERED = nw.col("discount_cents") > 0, nw.col("asked_discount_percent") > 0
ON_TERMS, OFF_TERMS = DISCOUNTED == OFFERED, DISCOUNTED != OFFERED  # neither where the content's discount is unknown


def _fit(fitting: str, other: str, usual: float) -> nw.Expr:
    """Return the share of lines that fit the content, shrunk towards ``usual`` by five lines."""
    return (nw.col(fitting) + 5 * usual) / (nw.col(fitting) + nw.col(other) + 5)


AFFINITY = Group(
    name="affinity",
    table="purchases",
    en="Fit of the content",
    zh="内容匹配",
    windows=(90, 365),
    features=(
        Feature("lines_same_{days}d", lambda r: r.where(SALE).where(SAME).count(), "lines", "lines bought in the campaign's category in the last {days} days", "近 {days} 天购买该活动品类行数", 0),
        Feature("lines_any_{days}d", lambda r: r.where(SALE).count(), "lines", "lines bought in the last {days} days", "近 {days} 天购买行数", 0),
        Feature("lines_same", lambda r: r.where(SALE).where(SAME).count(), "lines", "lines bought in the campaign's category so far", "累计购买该活动品类行数", 0),
        Feature("lines_other", lambda r: r.where(SALE).where(OTHER).count(), "lines", "lines bought in other categories than the campaign's so far", "累计购买其他品类行数", 0),
        Feature("lines_on_terms", lambda r: r.where(SALE).where(ON_TERMS).count(), "lines", "lines bought on the campaign's terms so far (at a discount if it has one, else at full price)", "累计购买中与本活动价格条件一致的行数（活动有折扣计折扣购买，无折扣计原价购买）", 0),
        Feature("lines_off_terms", lambda r: r.where(SALE).where(OFF_TERMS).count(), "lines", "lines bought on other terms than the campaign's so far (at full price if it has a discount, else at a discount)", "累计购买中与本活动价格条件相反的行数（活动有折扣计原价购买，无折扣计折扣购买）", 0),
        Feature("days_since_same", lambda r: r.where(SALE).where(SAME).days_since(), "days", "days since the last purchase in the campaign's category", "距上次购买该活动品类天数"),
    ),
    derived=(
        Feature("category_affinity", (nw.col("lines_same_365d") + 0.5) / (nw.col("lines_any_365d") + 5), "share", "share of a year's purchases in the campaign's category, shrunk", "近一年该活动品类购买占比（收缩）"),
        Feature("category_share", _fit("lines_same", "lines_other", 0.1), "share", "share of all purchases in the campaign's category, shrunk", "累计购买中该活动品类占比（收缩）"),
        Feature("terms_affinity", _fit("lines_on_terms", "lines_off_terms", 0.5), "share", "share of all purchases on the campaign's terms (at a discount if it has one, else at full price), shrunk", "累计购买中与本活动价格条件一致（折扣或原价）的占比（收缩）"),
    ),
)
