"""What callers get from the routes that do not score."""

from typing import Any, Literal

from pydantic import Field

from serving.contract.schema_answers import Result
from serving.contract.schema_record import Row
from serving.tasks import TaskName


class Models(Row):
    """Which models are live."""

    request_id: str
    models: list[dict[str, Any]]


class ModelCard(Row):
    """What a model is, what its scores mean, and what it needs."""

    request_id: str
    model: dict[str, Any]


class JobState(Row):
    """How far a job is."""

    id: str
    model: TaskName
    status: Literal["queued", "running", "succeeded", "succeeded_with_errors", "failed", "cancelled"]
    reason: str | None
    total: int
    done: int
    ok: int
    insufficient_input: int
    outside_population: int
    suppressed: int
    failed: int


class JobAnswer(Row):
    """A job."""

    request_id: str
    job: JobState


class JobPage(Row):
    """A page of a job's answers."""

    request_id: str
    results: list[Result]
    next_cursor: int | None = Field(description="where to go on; null after the last answer")


class Wrong(Row):
    """What is wrong at one place of the request."""

    pointer: str = Field(description="JSON pointer (RFC 6901)")
    code: str
    detail: str


class Kept(Row):
    """What was kept of the outcomes."""

    request_id: str
    accepted: int
    duplicates: int
    refused: int
    errors: list[Wrong] = Field(description="why outcomes were refused; the others are kept")


class PortraitAnswer(Row):
    """A member's tags, unless they must not be shown."""

    request_id: str
    result: dict[str, Any]


class Ready(Row):
    """What answers, and what was refused and why."""

    request_id: str
    status: Literal["ready", "not_ready"]
    models: dict[str, str]
    states: dict[str, Literal["ok", "missing", "champion_refused", "snapshot_refused", "snapshot_stale"]] = (
        Field(description="by model; what was refused is tried again")
    )
    refused: dict[str, str]
    snapshots_refused: dict[str, str | None]
    consent_list: Literal["ok", "refused"] = Field(description="refused: the one before is followed")
    consent_list_refused: str | None
