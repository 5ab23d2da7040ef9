"""The human words of a report: who owns the model, what it is for."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from features import unique_yaml
from features.section import validated
from features.yaml_lines import lines_of

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

    ``ValueError`` names file, line, key and what is allowed.
    """
    if not path.exists():
        return Info()
    found: dict[str, Any] = unique_yaml.read(path) or {}
    lines = lines_of(path.read_text(encoding="utf-8"), path)
    merged, stands = dict[str, Any](), dict[str | int, tuple[str, ...]]()
    for part in (("all",), (task,), ("data", data, "all"), ("data", data, task)):
        said: Any = found
        for key in part:
            said = (said or {}).get(key)
            if not isinstance(said, dict | None):
                raise ValueError(f"{lines.at(*part)}: {said!r}; allowed is a mapping from keys to words")
        merged |= said or {}
        stands |= dict.fromkeys(said or (), part)
    return validated(Info, merged, lambda key, *more: lines.at(*stands.get(key, (task,)), key, *more))
