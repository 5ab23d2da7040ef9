"""What training writes when it releases a model and serving reads: names in the registry and files.

Both sides take them from here, so that neither can change them alone.
"""

from typing import NotRequired

from typing_extensions import TypedDict

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"  # aliases in the registry
BEST = "best"  # the alias of the best champion so far, which `previous` need not be
FOLDER = "artifacts/release"  # of a registered model, where MLflow keeps what it was logged with
MODEL, CARD, POPULATION = "model.ubj", "card.json", "population.json"
RELEASE, EXAMPLES = "release.json", "examples.json"
TESTED = "tested.json"  # which people the model was tested on, for those who watch it
REQUIRED, OPTIONAL = (MODEL, CARD, POPULATION, RELEASE), (EXAMPLES,)
JUDGED = "judged"  # folder of the model that was judged on the test, where another one serves
VALUE, UPLIFT = "value", "uplift"  # folders of boosters in XGBoost's native format, and facts in JSON
BESIDE = (VALUE, UPLIFT)
SIGNATURES = "signatures.json"  # in the task's published folder: decisions under reports, the oldest first
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # how MLflow says that there is no such thing


class Release(TypedDict):
    """Say where a release comes from: ``release.json``; moments in ISO 8601."""

    task: str
    data: str
    run_id: str
    report_sha256: str  # what signatures name, too
    trained_at: str
    git_commit: str


class Examples(TypedDict):
    """Hold a few test rows without ids and what the model says of each: ``examples.json``."""

    rows: list[dict[str, float | str | None]]  # features by name
    probability: list[float]
    expected_value: NotRequired[list[float | None]]  # these of models that tell them
    value_at_risk: NotRequired[list[float | None]]
    value_per_cost: NotRequired[list[float | None]]
    uplift: NotRequired[list[float | None]]


def registered_name(data: str, task: str) -> str:
    """Return the name in the registry: the task's for the brand itself, else with the data set before it.

    Examples
    --------
    >>> registered_name("brand", "churn"), registered_name("my-shop", "churn")
    ('churn', 'my-shop-churn')
    """
    return task if data == "brand" else f"{data}-{task}"
