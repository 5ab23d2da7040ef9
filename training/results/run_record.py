"""What is kept of an execution: ``record.json``, ``tracked.json``, and the facts of what it released."""

from typing_extensions import TypedDict

from models.fitted import release_format
from training.data.artifacts import Json, artifact


@artifact(release_format.RELEASE)
class Release(release_format.Release):
    """Where a release comes from, as training writes it."""


@artifact(release_format.EXAMPLES)
class Examples(release_format.Examples):
    """A few test rows and what the model says of each, as training writes them."""


@artifact("record.json")
class RunFacts(TypedDict):
    """Parameters that bear on the task, facts of the data set and metrics, each by dotted name."""

    params: Json
    data: Json
    metrics: dict[str, float | None]


@artifact("tracked.json")
class Tracked(TypedDict):
    """Which run and version of the registered model the results with this fingerprint were logged as."""

    run_id: str
    model_version: str
    results: str
