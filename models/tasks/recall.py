"""Recall: which of the silent and lost members come back."""

from features.groups.campaigns import HISTORY
from features.groups.care import CARE
from features.groups.engagement import ENGAGEMENT
from features.groups.profile import PROFILE
from features.groups.purchases import PURCHASES
from models.populations.members import SilentMembers
from models.task import Band, Money, Outcome, Task

TASK = Task(
    name="recall",
    population=SilentMembers(),
    needs={"purchases": "purchases of members"},
    question_en="Will this member, who is silent or lost, buy again within {days} days, "
    "starting in {gap} days?",
    question_zh="已沉默或流失的会员，从 {gap} 天后起的 {days} 天内，是否会再次购买？",
    positive_en="come back",
    positive_zh="会回来",
    outcome=Outcome("purchases", kind="sale", keys=("member_id",)),
    groups=(PURCHASES, ENGAGEMENT, HISTORY, CARE, PROFILE),
    bands=(
        Band("high", 0.2, "invite back", "优先召回"),
        Band("medium", 0.3, "with the next offer", "随下次活动触达"),
        Band("low", 0.5, "leave in peace", "无需打扰"),
    ),
    baseline_feature="days_since_order",
    acted_bands=1,
    money=Money("purchases", "amount_cents", "member_id"),
)
