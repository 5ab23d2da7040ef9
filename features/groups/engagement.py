"""Touches that are no purchase, by channel; for leads the nurturing."""

import narwhals as nw

from features.feature import DAY, Feature, Group
from features.groups.purchases import ratio

KIND, CHANNEL = nw.col("kind"), nw.col("channel")
CART = KIND == "cart"
DIGITAL = CHANNEL.is_in(["web", "app", "mini_program"])
VISIT_CHANNELS = ("web", "app", "mini_program", "store")
VISIT = CHANNEL.is_in(list(VISIT_CHANNELS))
CHANNELS = (
    ("web", "web", "网页"),
    ("app", "app", "App"),
    ("mini_program", "mini-program", "小程序"),
    ("message", "message", "消息"),
    ("store", "store", "门店"),
    ("consultant", "consultant", "顾问"),
)


def _channel(name: str, en: str, zh: str) -> Feature:
    there = nw.col("channel") == name
    return Feature(
        f"{name}_events_{{days}}d",
        lambda r: r.where(there).count(),
        "events",
        f"{en} events in the last {{days}} days",
        f"近 {{days}} 天{zh}互动次数",
        0,
    )


FAN_DAYS = 8  # days with a touch in a quarter


def _role() -> nw.Expr:
    """What the member is to the brand's own channels, whatever they buy."""
    days = nw.col("active_days_90d")
    some = nw.when(days > 0).then(nw.lit("visitor")).otherwise(nw.lit("absent"))
    return nw.when(days >= FAN_DAYS).then(nw.lit("fan")).otherwise(some)


# fmt: off
ENGAGEMENT = Group(
    name="engagement",
    table="events",
    en="Engagement",
    zh="互动",
    windows=(30, 90),
    rows={"event_day": nw.col("event_time") // DAY},
    features=(
        Feature("days_since_event", lambda r: r.days_since(), "days", "days since the last touch", "距上次互动天数"),
        Feature("days_since_digital", lambda r: r.where(DIGITAL).days_since(), "days", "days since the last visit to web, app or mini-program", "距上次线上访问天数"),
        Feature("days_since_visit", lambda r: r.where(VISIT).days_since(), "days", "days since the last visit, to a store or online", "距上次到访（门店或线上）天数"),
        Feature("events_7d", lambda r: r.within(7).count(), "events", "touches in the last 7 days", "近 7 天互动次数", 0),
        Feature("events_{days}d", lambda r: r.count(), "events", "touches in the last {days} days", "近 {days} 天互动次数", 0),
        Feature("active_days_{days}d", lambda r: r.distinct("event_day"), "days", "days with a touch in the last {days} days", "近 {days} 天活跃天数", 0),
        Feature("visits_{days}d", lambda r: r.where(VISIT).count(), "visits", "visits to a store or online in the last {days} days", "近 {days} 天到访（门店或线上）次数", 0),
        Feature("event_channels_{days}d", lambda r: r.distinct("channel"), "channels", "channels used in the last {days} days", "近 {days} 天互动渠道数", 0),
        *(_channel(*channel) for channel in CHANNELS),
        Feature("carts_30d", lambda r: r.within(30).where(CART).count(), "events", "carts filled in the last 30 days", "近 30 天加购次数", 0),
        Feature("categories_seen_90d", lambda r: r.within(90).distinct("category"), "categories", "categories looked at in the last 90 days", "近 90 天浏览品类数", 0),
    ),
    derived=(
        Feature("events_trend", ratio(nw.col("events_30d"), nw.col("events_90d")), "share", "share of the last 90 days' touches that fell in the last 30", "近 90 天互动中近 30 天占比"),
        Feature("role", _role(), "category", "role in the brand's own channels: fan, visitor or absent", "在品牌自有渠道中的角色（粉丝、访客、无互动）"),
    ),
)

SAME = nw.col("category") == nw.col("asked_category")

INTEREST = Group(
    name="interest",
    table="events",
    en="Interest in the content",
    zh="对内容的兴趣",
    windows=(30, 90),
    features=(
        Feature("seen_same_{days}d", lambda r: r.where(SAME).count(), "events", "touches with the campaign's category in the last {days} days", "近 {days} 天与该活动品类的互动次数", 0),
        Feature("seen_any_90d", lambda r: r.within(90)["category"].count(), "events", "touches with any category in the last 90 days", "近 90 天与各品类的互动次数", 0),
        Feature("carts_same_90d", lambda r: r.within(90).where(SAME).where(CART).count(), "events", "carts filled from the campaign's category in the last 90 days", "近 90 天该活动品类加购次数", 0),
        Feature("days_since_seen_same", lambda r: r.where(SAME).days_since(), "days", "days since the last touch with the campaign's category", "距上次与该活动品类互动天数"),
    ),
    derived=(
        Feature("interest_affinity", (nw.col("seen_same_90d") + 0.5) / (nw.col("seen_any_90d") + 5), "share", "share of the last 90 days' touches that were about the campaign's category, shrunk", "近 90 天互动中该活动品类占比（收缩）"),
    ),
)

REPLY = (CHANNEL == "consultant") & (KIND == "reply")

LEAD_TOUCHES = Group(
    name="nurturing",
    table="events",
    key="lead_id",
    en="Nurturing",
    zh="线索培育",
    windows=(1, 7),
    rows={"newest_age": nw.col("age").min().over("row_id")},
    features=(
        Feature("touches", lambda r: r.count(), "touches", "touches so far", "累计触达次数", 0),
        Feature("touches_{days}d", lambda r: r.count(), "touches", "touches in the last {days} days", "近 {days} 天触达次数", 0),
        Feature("days_since_touch", lambda r: r.days_since(), "days", "days since the last touch", "距上次触达天数"),
        Feature("days_since_first_touch", lambda r: r["age"].max() / DAY, "days", "days since the first touch", "距首次触达天数"),
        Feature("replies", lambda r: r.where(REPLY).count(), "replies", "replies of a consultant so far", "顾问回复次数", 0),
        Feature("reply_minutes", lambda r: r.where(REPLY)["minutes"].min(), "minutes", "fastest reply of a consultant", "顾问最快回复分钟数"),
        Feature("lead_visits", lambda r: r.where(DIGITAL).count(), "visits", "visits to web, app or mini-program", "线上访问次数", 0),
        Feature("lead_store_visits", lambda r: r.where(CHANNEL == "store").count(), "visits", "visits to a store", "到店次数", 0),
        Feature("lead_calls", lambda r: r.where(CHANNEL.is_in(["call", "message"])).count(), "touches", "calls and messages", "电话与消息次数", 0),
        Feature("lead_carts", lambda r: r.where(CART).count(), "events", "carts filled", "加购次数", 0),
        Feature("last_touch_channel", lambda r: r.last("channel"), "category", "channel of the last touch", "最近触达渠道"),
    ),
    derived=(
        Feature("touches_per_day", nw.col("touches") / (nw.col("days_since_first_touch") + 1), "touches", "touches a day since the first", "自首次触达以来日均触达次数"),
        Feature("reply_share", ratio(nw.col("replies"), nw.col("touches")), "share", "share of touches that were a consultant's reply", "触达中顾问回复占比"),
    ),
)
