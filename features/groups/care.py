"""Tickets, what they cost the member in effort, and how satisfied they ended."""

import narwhals as nw

from features.feature import DAY, Feature, Group, Selection
from features.groups.purchases import ratio

KIND = nw.col("kind")
OPENED = KIND == "opened"
TOPICS = (
    ("delivery", "delivery", "配送"),
    ("quality", "quality", "质量"),
    ("service", "service", "服务"),
    ("price", "price", "价格"),
    ("availability", "availability", "缺货"),
)


def _resolve_days(rows: Selection) -> nw.Expr:
    """Mean time from a ticket's opening to its solution, from exact sums of seconds."""
    solved = rows.within(365).where((KIND == "resolved") & (nw.col("opened_age") >= nw.col("age")))
    took = solved.of(nw.col("opened_age") - nw.col("age"))
    return ratio(took.sum(), took.count()) / DAY


def _satisfaction(rows: Selection) -> nw.Expr:
    stars = rows.within(365)["satisfaction"]
    return ratio(stars.sum(), stars.count())


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
    rows={
        "newest_rated": nw.when(KIND == "feedback").then(nw.col("age")).min().over("row_id"),
        "opened_age": nw.when(OPENED).then(nw.col("age")).max().over("row_id", "ticket_id"),
    },
    features=(
        Feature("tickets_{days}d", lambda r: r.where(OPENED).count(), "tickets", "tickets in the last {days} days", "近 {days} 天工单数", 0),
        Feature("tickets", lambda r: r.where(OPENED).count(), "tickets", "tickets so far", "累计工单数", 0),
        Feature("resolved", lambda r: r.where(KIND == "resolved").count(), "tickets", "tickets resolved so far", "累计已解决工单数", 0),
        Feature("days_since_ticket", lambda r: r.where(OPENED).days_since(), "days", "days since the last ticket", "距上次工单天数"),
        Feature("repeat_contacts_365d", lambda r: r.within(365).where(KIND == "contact").count(), "contacts", "repeat contacts about tickets in a year", "近一年工单重复联系次数", 0),
        Feature("effort_365d", lambda r: r.within(365)["minutes"].sum(), "minutes", "own time spent on tickets in a year", "近一年处理工单耗时（分钟）", 0),
        Feature("low_ratings_365d", lambda r: r.within(365).where(nw.col("satisfaction") <= 2).count(), "ratings", "ratings of 1 or 2 stars in a year", "近一年 1 或 2 星评价次数", 0),
        Feature("satisfaction_365d", _satisfaction, "stars", "mean rating in a year", "近一年平均满意度"),
        Feature("resolve_days", _resolve_days, "days", "mean time to resolve a ticket in a year", "近一年工单平均解决天数"),
        Feature("last_satisfaction", lambda r: r.where(nw.col("age") == nw.col("newest_rated"))["satisfaction"].min(), "stars", "last rating", "最近一次满意度"),
        *(_topic(*topic) for topic in TOPICS),
    ),
    derived=(
        Feature("open_tickets", nw.col("tickets") - nw.col("resolved"), "tickets", "tickets not yet resolved", "未解决工单数", 0),
        Feature("contacts_per_ticket", ratio(nw.col("repeat_contacts_365d"), nw.col("tickets_365d")), "contacts", "repeat contacts a ticket in a year", "近一年单张工单重复联系次数"),
        Feature("effort_per_ticket", ratio(nw.col("effort_365d"), nw.col("tickets_365d")), "minutes", "own time spent a ticket", "单张工单耗时（分钟）"),
    ),
)
