"""Lapse: which contracts that end soon will not be renewed, asked before they end."""

from features.groups.campaigns import HISTORY
from features.groups.care import CARE
from features.groups.contracts import STORED
from features.groups.engagement import ENGAGEMENT
from features.groups.profile import PROFILE
from features.groups.purchases import PURCHASES
from models.populations.contracts import EndingContracts
from models.task import Band, Outcome, Task

TASK = Task(
    name="lapse",
    population=EndingContracts(),
    needs={STORED: "own table `contracts` with the end of each"},
    question_en="Will this member, whose contract ends within {days} days, let it lapse: will no "
    "other follow within {grace} days of its end?",
    question_zh="该会员的合同将在 {days} 天内到期，到期后 {grace} 天内是否不再续约？",
    positive_en="let the contract lapse",
    positive_zh="到期不续约",
    outcome=Outcome(STORED, kind="followed", keys=("member_id",), absent=True),
    groups=(PURCHASES, ENGAGEMENT, HISTORY, CARE, PROFILE),
    bands=(
        Band("high", 0.2, "call before it ends", "到期前优先联系"),
        Band("medium", 0.3, "remind", "到期提醒"),
        Band("low", 0.5, "leave in peace", "无需打扰"),
    ),
    baseline_feature=f"{STORED}__followed",
    acted_bands=1,
)
