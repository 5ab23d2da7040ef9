"""Response propensity: which members will answer which content."""

from features.groups.campaigns import CONTENT, CONTENT_HISTORY, HISTORY
from features.groups.care import CARE
from features.groups.engagement import ENGAGEMENT, INTEREST
from features.groups.profile import PROFILE
from features.groups.purchases import AFFINITY, PURCHASES
from models.populations.contacts import Contacts
from models.task import Band, Outcome, Task

TASK = Task(
    name="response",
    population=Contacts(),
    needs={
        "contacts": "contacts (who was sent what, when)",
        "responses": "responses to what was sent",
    },
    question_en="Will this member answer this campaign within its window (usually {days} days)?",
    question_zh="该会员会在响应窗口内（通常 {days} 天）响应本次活动吗？",
    positive_en="answer",
    positive_zh="会响应",
    outcome=Outcome("responses", kind="answered", keys=("member_id", "campaign_id"), once=True),
    groups=(CONTENT, CONTENT_HISTORY, AFFINITY, INTEREST, HISTORY, PURCHASES, ENGAGEMENT, CARE, PROFILE),
    bands=tuple(
        Band(str(tenth), 0.1, f"tenth {tenth} from the top", f"第 {tenth} 个十分位") for tenth in range(1, 11)
    ),
    baseline_feature="answer_rate",
)
