"""What training writes when it releases a model and serving reads: names in the registry and files.

Both sides take them from here, so that neither can change them alone.
"""

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"  # aliases in the registry
BEST = "best"  # the alias of the best champion so far, which `previous` need not be
FOLDER = "artifacts/release"  # of a registered model, where MLflow keeps what it was logged with
MODEL, CARD, POPULATION = "model.ubj", "card.json", "population.json"
RELEASE, EXAMPLES = "release.json", "examples.json"
REQUIRED, OPTIONAL = (MODEL, CARD, POPULATION, RELEASE), (EXAMPLES,)
JUDGED = "judged"  # folder of the model that was judged on the test, where another one serves
VALUE, UPLIFT = "value", "uplift"  # folders of boosters in XGBoost's native format, and facts in JSON
BESIDE = (VALUE, UPLIFT)
SIGNATURES = "signatures.json"  # in the task's published folder: decisions under reports, the oldest first
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # how MLflow says that there is no such thing


def registered_name(data: str, task: str) -> str:
    """Return the name in the registry: the task's for the brand itself, else with the data set before it.

    Examples
    --------
    >>> registered_name("brand", "churn"), registered_name("my-shop", "churn")
    ('churn', 'my-shop-churn')
    """
    return task if data == "brand" else f"{data}-{task}"
