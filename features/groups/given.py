"""Attributes of a flat source: what one row says of its subject, and nothing else."""

from features.feature import Group
from features.groups.profile import NEWEST

FLAT = Group(
    name="given",
    table="subjects",
    key="subject_id",
    en="Attributes",
    zh="属性",
    rows=NEWEST,
)
