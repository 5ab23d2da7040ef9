"""What callers get from the log of scores."""

from typing import Literal

from pydantic import Field

from serving.contract.schema_answers import Share
from serving.contract.schema_record import Row
from serving.tasks import TaskName


class Logged(Row):
    """What was said in one answer, or in one row of a published batch."""

    score_id: str
    subject: str | None = Field(
        description="pseudonym of the subject, never the id; null where the record named nobody"
    )
    model: TaskName
    version: str
    status: str
    probability: Share | None
    band: str | None
    experiment_arm: Literal["treat", "control", "none"] | None
    snapshot: str = Field(description="SHA-256 of the published features, or `record`")
    features_as_of: str
    campaign_id: str | None
    scored_at: str
    client: str = Field(description="who asked; `batch` for a row of a published batch")


class LoggedAnswer(Row):
    """A score that was given."""

    request_id: str
    score: Logged
