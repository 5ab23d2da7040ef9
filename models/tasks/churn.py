"""Churn: which active members will buy nothing in the coming window."""

from features.groups.campaigns import HISTORY
from features.groups.care import CARE
from features.groups.engagement import ENGAGEMENT
from features.groups.profile import PROFILE
from features.groups.purchases import PURCHASES
from models.population import ActiveMembers
from models.task import Band, Money, Outcome, Task

TASK = Task(
    name="churn",
    population=ActiveMembers(),
    needs={"purchases": "purchases of members"},
    question_en="Will this member, who bought in the last {active_days} days, buy nothing for {days} days, "
    "starting in {gap} days?",
    question_zh="该会员近 {active_days} 天有购买，从 {gap} 天后起的 {days} 天内会不再购买吗？",
    positive_en="buy nothing",
    positive_zh="不再购买",
    outcome=Outcome("purchases", kind="sale", keys=("member_id",), absent=True),
    groups=(PURCHASES, ENGAGEMENT, HISTORY, CARE, PROFILE),
    bands=(
        Band("high", 0.2, "act to keep", "需要挽留"),
        Band("medium", 0.3, "watch", "关注"),
        Band("low", 0.5, "leave in peace", "无需打扰"),
    ),
    rule="days_since_order",
    rule_descending=True,
    acted=1,
    money=Money("purchases", "amount_cents", "member_id"),
)
