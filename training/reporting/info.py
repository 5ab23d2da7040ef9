"""The human words of a report: who owns the model, what it is for."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features import unique_yaml

FILE = Path("experiments/model_info.yaml")


class Words(BaseModel):
    """One text in each language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Info(BaseModel):
    """What people say about one model; an empty text is shown as not stated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str = ""
    developer: str = ""
    validator: str = ""
    contact: str = ""
    decision: Words | None = None
    actor: Words | None = None
    frequency: Words | None = None
    intended: tuple[Words, ...] = ()
    tier: Words | None = None
    predecessor: Words | None = None
    opt_out: Words | None = None
    assessment_id: str = ""
    audit_id: str = ""
    retention: Words | None = None


def load(data: str, task: str, path: Path = FILE) -> Info:
    """Return the words for one data set and task: what all tasks share, the task's, the data set's own.

    ``ValueError`` names file, key and what is allowed.
    """
    if not path.exists():
        return Info()
    found: dict[str, Any] = unique_yaml.read(path) or {}
    own = (found.get("data") or {}).get(data, {})
    merged = {**found.get("all", {}), **found.get(task, {}), **own.get("all", {}), **own.get(task, {})}
    try:
        return Info.model_validate(merged)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']} (found {e['input']!r})" for e in error.errors()]
        raise ValueError(f"{path}: {task}: " + "; ".join(lines)) from None
