"""By what a model may be fitted: names without what fits them, so that settings are read at once."""

from typing import Literal

Estimator = Literal["logistic", "average", "trees"]
ESTIMATORS: tuple[Estimator, ...] = ("logistic", "trees", "average")
