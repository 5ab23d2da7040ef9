"""Churn: which members who are with the brand will fall silent by their own rhythm."""

from features.groups.campaigns import HISTORY
from features.groups.care import CARE
from features.groups.engagement import ENGAGEMENT
from features.groups.profile import PROFILE
from features.groups.purchases import PURCHASES
from models.populations.members import PresentMembers
from models.task import Band, Money, Outcome, Task

TASK = Task(
    name="churn",
    population=PresentMembers(),
    needs={"purchases": "purchases of members"},
    question_en="Will this member, who is not silent yet, visit and buy at most {fall:.0%} as often as usual "
    "over {days} days, starting in {gap} days?",
    question_zh="尚未沉默的会员，从 {gap} 天后起的 {days} 天内，"
    "到访与购买是否会降至自身平时的 {fall:.0%} 以下？",
    positive_en="fall silent",
    positive_zh="会沉默",
    outcome=Outcome("purchases", kind="sale", keys=("member_id",), absent=True),
    groups=(PURCHASES, ENGAGEMENT, HISTORY, CARE, PROFILE),
    bands=(
        Band("high", 0.2, "act to keep", "需要挽留"),
        Band("medium", 0.3, "watch", "关注"),
        Band("low", 0.5, "leave in peace", "无需打扰"),
    ),
    baseline_feature="overdue_ratio",
    acted_bands=1,
    money=Money("purchases", "amount_cents", "member_id"),
)
