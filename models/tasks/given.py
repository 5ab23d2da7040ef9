"""A flat source with given labels: will the outcome that the source names happen?"""

from features.groups.given import FLAT
from models.populations.flat import GivenSubjects
from models.task import Band, Outcome, Task

TASK = Task(
    name="given",
    population=GivenSubjects(),
    needs={"subjects": "subjects with their outcome"},
    question_en="Will the outcome that the source records happen?",
    question_zh="来源所记录的结果会发生吗？",
    positive_en="show the outcome",
    positive_zh="会出现该结果",
    outcome=Outcome("subjects", kind="given", keys=("subject_id",)),
    groups=(FLAT,),
    bands=tuple(
        Band(str(tenth), 0.1, f"tenth {tenth} from the top", f"第 {tenth} 个十分位") for tenth in range(1, 11)
    ),
    baseline_feature="",
)
