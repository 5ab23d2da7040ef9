"""The tasks that the service answers for, and what each of them asks about."""

from typing import TYPE_CHECKING, Literal

from features.consent import KINDS
from models.task import task, task_names

# A flat table has no members to ask about later.
SUBJECTS = {name: task(name).subject for name in task_names() if task(name).subject in KINDS}
KEYS = {name: task(name).question_key for name in SUBJECTS}  # `contact_id`: a member and a content
TASK_NAMES = tuple(SUBJECTS)
ABOUT_CONTENT = tuple(name for name in TASK_NAMES if KEYS[name] == "contact_id")
ABOUT_SUBJECTS = tuple(name for name in TASK_NAMES if name not in ABOUT_CONTENT)
LEADS = frozenset(name for name in TASK_NAMES if SUBJECTS[name] == "lead_id")
ACTED = {name: tuple(band.name for band in task(name).bands[: task(name).acted_bands]) for name in TASK_NAMES}
OPTIONAL = frozenset(name for name in TASK_NAMES if task(name).requirement.optional)  # not of every source

if TYPE_CHECKING:
    TaskName = str
else:
    TaskName = Literal[TASK_NAMES]
