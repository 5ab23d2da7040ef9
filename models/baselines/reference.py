"""What a model must beat: the base rate, a rule that needs no model, and logistic regression."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.encoder import Encoder
from models.task import Task


def prevalence(labels: np.ndarray, rows: int) -> np.ndarray:
    """The base rate for everyone, shape (rows,)."""
    return np.full(rows, labels.mean())


def by_category(past: pl.DataFrame, asked: pl.DataFrame, column: str, weight: float = 50) -> np.ndarray:
    """Mean rate of a category in the past, shrunk towards the base rate with ``weight`` rows."""
    base = float(past["label"].mean())
    rates = past.group_by(column).agg(rate=(pl.col("label").sum() + weight * base) / (pl.len() + weight))
    joined = asked.select(column).join(rates, on=column, how="left", nulls_equal=True, maintain_order="left")
    return joined["rate"].fill_null(base).to_numpy()


def rule(task: Task, past: pl.DataFrame, asked: pl.DataFrame) -> np.ndarray:
    """One feature as a score, turned into a probability by the observed rate of its twentieths."""
    from sklearn.isotonic import IsotonicRegression

    sign = 1 if task.rule_descending else -1
    known, new = (frame[task.rule].fill_null(-1).to_numpy() * sign for frame in (past, asked))
    return IsotonicRegression(out_of_bounds="clip").fit(known, past["label"].to_numpy()).predict(new)


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
        """Probability of the positive class, shape (rows,)."""
        return self.pipeline.predict_proba(self.encoder.transform(frame))[:, 1]
