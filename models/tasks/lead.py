"""Lead scoring: which open leads become customers."""

from features.groups.closures import CLOSURES
from features.groups.engagement import LEAD_TOUCHES
from features.groups.profile import LEAD_PROFILE
from models.populations.leads import OpenLeads
from models.task import Band, Outcome, Task

TASK = Task(
    name="lead",
    population=OpenLeads(),
    needs={"leads": "leads", "responses": "responses that say which of them converted"},
    question_en="Will this open lead convert within {days} days?",
    question_zh="该线索未来 {days} 天内会转化吗？",
    positive_en="convert",
    positive_zh="会转化",
    outcome=Outcome("responses", kind="converted", keys=("lead_id",)),
    groups=(LEAD_PROFILE, LEAD_TOUCHES, CLOSURES),
    bands=(
        # A and B fill what the team can take on (a third and two thirds), where that is stated.
        Band("A", 0.10, "call today", "当天跟进"),
        Band("B", 0.20, "call this week", "本周跟进"),
        Band("C", 0.30, "nurture", "培育"),
        Band("D", 0.40, "leave in peace", "暂不打扰"),
    ),
    baseline_feature="lead_age_days",
    baseline_category="lead_source",
    acted_bands=2,
    cost_feature="lead_cost",
)
