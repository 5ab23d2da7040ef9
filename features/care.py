"""Tickets, what they cost the member in effort, and how satisfied they ended."""

import narwhals as nw

from features.feature import Feature, Group
from features.purchases import ratio

KIND = nw.col("kind")
OPENED = KIND == "opened"
TOPICS = (
    ("delivery", "delivery", "配送"),
    ("quality", "quality", "质量"),
    ("service", "service", "服务"),
    ("price", "price", "价格"),
)


# fmt: off
def _topic(name: str, en: str, zh: str) -> Feature:
    about = OPENED & (nw.col("topic") == name)
    return Feature(f"{name}_tickets_365d", lambda r: r.within(365).where(about).count(), "tickets", f"tickets about {en} in a year", f"近一年{zh}类工单数", 0)


CARE = Group(
    name="care",
    table="care",
    en="Service",
    zh="客户服务",
    windows=(90, 365),
    rows={"newest_rated": nw.when(KIND == "feedback").then(nw.col("age")).min().over("row_id")},
    features=(
        Feature("tickets_{days}d", lambda r: r.where(OPENED).count(), "tickets", "tickets in the last {days} days", "近 {days} 天工单数", 0),
        Feature("tickets", lambda r: r.where(OPENED).count(), "tickets", "tickets so far", "累计工单数", 0),
        Feature("resolved", lambda r: r.where(KIND == "resolved").count(), "tickets", "tickets resolved so far", "累计已解决工单数", 0),
        Feature("days_since_ticket", lambda r: r.where(OPENED).days_since(), "days", "days since the last ticket", "距上次工单天数"),
        Feature("repeat_contacts_365d", lambda r: r.within(365).where(KIND == "contact").count(), "contacts", "repeat contacts about tickets in a year", "近一年工单重复联系次数", 0),
        Feature("effort_365d", lambda r: r.within(365)["minutes"].sum(), "minutes", "own time spent on tickets in a year", "近一年处理工单耗时（分钟）", 0),
        Feature("low_ratings_365d", lambda r: r.within(365).where(nw.col("satisfaction") <= 2).count(), "ratings", "ratings of 1 or 2 stars in a year", "近一年低满意度次数", 0),
        Feature("last_satisfaction", lambda r: r.where(nw.col("age") == nw.col("newest_rated"))["satisfaction"].min(), "stars", "last rating", "最近一次满意度"),
        *(_topic(*topic) for topic in TOPICS),
    ),
    derived=(
        Feature("open_tickets", nw.col("tickets") - nw.col("resolved"), "tickets", "tickets not yet resolved", "未解决工单数", 0),
        Feature("effort_per_ticket", ratio(nw.col("effort_365d"), nw.col("tickets_365d")), "minutes", "own time spent a ticket", "单张工单耗时（分钟）"),
    ),
)
