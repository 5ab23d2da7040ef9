"""What a model must beat: the base rate, a rule that needs no model, and logistic regression."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit, logit

from models.learners.encoder import Encoder
from models.task import Task

LEAST = 1e-4  # probability that a rule may state


def prevalence(labels: np.ndarray, rows: int) -> np.ndarray:
    """Return the base rate for everyone, shape (rows,)."""
    return np.full(rows, labels.mean())


def by_category(past: pl.DataFrame, asked: pl.DataFrame, column: str, weight: float = 50) -> np.ndarray:
    """Return the mean rate of a category in the past, shrunk towards the base rate with ``weight`` rows."""
    base = float(past["label"].mean())
    rates = past.group_by(column).agg(rate=(pl.col("label").sum() + weight * base) / (pl.len() + weight))
    joined = asked.select(column).join(rates, on=column, how="left", nulls_equal=True, maintain_order="left")
    return joined["rate"].fill_null(base).to_numpy()


def rule(task: Task, past: pl.DataFrame, asked: pl.DataFrame) -> np.ndarray:
    """Return what a team could do tomorrow: sort by one feature, in the direction that was right before.

    Where the task names a category, too, such as a lead's source, each of its values starts from its own
    rate. Who has no value has the rate of those without.

    Returns
    -------
    Probability of the positive class, shape (rows,).
    """
    from sklearn.isotonic import IsotonicRegression

    there, label = (
        past[task.baseline_feature].is_not_null().to_numpy(),
        past["label"].to_numpy().astype(np.float64),
    )
    base = label.mean()
    found = np.full(len(asked), label[~there].mean() if (~there).any() else base)
    new = asked[task.baseline_feature].is_not_null().to_numpy()
    if past[task.baseline_feature].drop_nulls().n_unique() > 1 and new.any():
        fitted = IsotonicRegression(increasing="auto", out_of_bounds="clip")
        fitted.fit(past[task.baseline_feature].drop_nulls().to_numpy().astype(np.float64), label[there])
        found[new] = fitted.predict(asked[task.baseline_feature].drop_nulls().to_numpy().astype(np.float64))
    if task.baseline_category not in past.columns:
        return found
    shift = logit(by_category(past, asked, task.baseline_category)) - logit(base)
    return expit(logit(np.clip(found, LEAST, 1 - LEAST)) + shift)


@dataclass(frozen=True)
class Logistic:
    """Logistic regression on ranks, one-hot categories and missing-value flags."""

    encoder: Encoder
    pipeline: Any

    @classmethod
    def fit(cls, encoder: Encoder, frame: pl.DataFrame, labels: np.ndarray, seed: int) -> "Logistic":
        from sklearn.compose import make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

        kinds = np.array(encoder.feature_types)
        numbers, categories = np.flatnonzero(kinds == "q"), np.flatnonzero(kinds == "c")
        # Ranks: money and counts have long tails, and a linear model must not hang on a few rows.
        ranks = QuantileTransformer(n_quantiles=200, output_distribution="normal", random_state=seed)
        fill = SimpleImputer(strategy="median", add_indicator=True)
        known = make_pipeline(
            SimpleImputer(strategy="constant", fill_value=-1),
            OneHotEncoder(handle_unknown="ignore", min_frequency=20),
        )
        columns = make_column_transformer((make_pipeline(fill, ranks), numbers), (known, categories))
        pipeline = make_pipeline(columns, LogisticRegression(C=0.1, solver="newton-cholesky"))
        return cls(encoder, pipeline.fit(encoder.transform(frame), labels))

    def probability(self, frame: pl.DataFrame) -> np.ndarray:
        """Return the probability of the positive class, shape (rows,)."""
        return self.pipeline.predict_proba(self.encoder.transform(frame))[:, 1]
