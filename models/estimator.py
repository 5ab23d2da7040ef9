"""The model as a scikit-learn estimator: pandas in, calibrated probabilities and SHAP values out.

Unfitted it is a recipe like any other of scikit-learn's: clone it, put it into a pipeline or a search.
A released model comes as the same class, fitted already, and says to the digit what the service says.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import polars.selectors as cs
from numpy.typing import ArrayLike
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import TimeSeriesSplit
from sklearn.utils.validation import check_is_fitted

from features.feature import Feature
from models.card import Card
from models.fitted import observed_rates
from models.fitted.model import Model
from models.learners import boosting
from models.learners.calibration import Calibration, fit_calibration
from models.learners.encoder import Encoder
from models.learners.estimators import Estimator
from models.learners.recipe import Recipe
from models.reasons import Explainer

if TYPE_CHECKING:
    from models.explanation import Explanation

FOLDS = 3
FEW = 50  # rows of a fold below which nothing is calibrated


class MemberClassifier(ClassifierMixin, BaseEstimator):
    """Gradient-boosted trees with native categories, calibrated on later rows than those learnt from.

    Parameters
    ----------
    estimator
        ``trees``, ``logistic`` (a scorecard, which has no other settings) or ``average`` of both.
    bags
        Of how many models, that differ by their seed, the trees are the mean.
    rounds, learning_rate, max_depth, min_child_weight, subsample, colsample_bytree, reg_lambda, gamma
        As XGBoost has them.
    seed
        Of XGBoost's sampling.
    threads
        Of one fit.

    Attributes
    ----------
    model_
        The fitted ``models.fitted.model.Model``; ``classes_`` are 0 and 1.
    """

    def __init__(
        self,
        estimator: Estimator = "trees",
        bags: int = 1,
        rounds: int = boosting.ROUNDS,
        learning_rate: float = boosting.DEFAULTS["learning_rate"],
        max_depth: int = boosting.DEFAULTS["max_depth"],
        min_child_weight: float = boosting.DEFAULTS["min_child_weight"],
        subsample: float = boosting.DEFAULTS["subsample"],
        colsample_bytree: float = boosting.DEFAULTS["colsample_bytree"],
        reg_lambda: float = boosting.DEFAULTS["reg_lambda"],
        gamma: float = boosting.DEFAULTS["gamma"],
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self.estimator = estimator
        self.bags = bags
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.gamma = gamma
        self.seed = seed
        self.threads = threads

    @classmethod
    def released(cls, folder: Path) -> "MemberClassifier":
        """Read a released model: fitted, with the settings that it was fitted with."""
        model = Model.load(folder)
        card = model.card
        own: dict[str, Any] = {
            "bags": max(len(card.get("bags", [])), 1),
            "estimator": card.get("estimator", "trees"),
        }
        rounds = card.get("rounds", model.booster.num_boosted_rounds())
        return cls(rounds=rounds, **own, **card.get("settings", {}))._hold(model)

    def fit(self, X: pd.DataFrame, y: ArrayLike) -> "MemberClassifier":
        """Learn from ``X`` of shape (rows, features) and 0/1 ``y``, rows in order of time.

        Texts, categories and truth values are categories, everything else is a number; missing is known
        to be missing. The calibration is learnt from blocks of later rows that the trees did not see.

        Raises
        ------
        ValueError
            Another number of labels than of rows, or labels other than 0 and 1, or of one kind only; another
            estimator than there is, no rounds or no bags.
        """
        frame, label = as_polars(X), np.asarray(y)
        if label.shape != (len(frame),):
            raise ValueError(f"y: found shape {label.shape}, needs ({len(frame)},), one label a row of X")
        if set(np.unique(label).tolist()) != {0, 1}:
            raise ValueError(f"y: needs 0 and 1, found {np.unique(label).tolist()[:5]}")
        label = label.astype(np.int8)
        encoder = Encoder.fit(frame, [_feature(name, kind) for name, kind in frame.schema.items()])
        matrix = encoder.transform(frame)
        booster = self._recipe.fit(matrix, label, encoder.feature_types, self.threads)
        card = {
            "features": [
                _described(column.name, column.categories is not None) for column in encoder.columns
            ],
            "bins": observed_rates.observed(frame, label, encoder),
            "base_rate": float(label.mean()),
            "positive": {"en": "are positive", "zh": "为正例"},
            **self._recipe.described(),
        }
        fitted = Model(booster, encoder, self._calibrated(matrix, label, encoder), cast(Card, card))
        return self._hold(fitted)

    @property
    def _recipe(self) -> Recipe:
        settings = {name: getattr(self, name) for name in boosting.DEFAULTS}
        return Recipe(self.estimator, settings, self.rounds, self.seed, self.bags)

    def _calibrated(self, matrix: np.ndarray, label: np.ndarray, encoder: Encoder) -> Calibration:
        """Slope and intercept from later blocks; with too few rows the trees speak for themselves."""
        margins, labels = [], []
        if len(label) >= FEW * (FOLDS + 1):
            for past, later in TimeSeriesSplit(FOLDS).split(matrix):
                if len(np.unique(label[past])) == 2:
                    kinds = encoder.feature_types
                    booster = self._recipe.fit(matrix[past], label[past], kinds, self.threads)
                    margins.append(booster.inplace_predict(matrix[later], predict_type="margin"))
                    labels.append(label[later])
        if not labels or len(np.unique(np.concatenate(labels))) < 2:
            return Calibration()
        return fit_calibration(np.concatenate(margins), np.concatenate(labels))

    def _hold(self, model: Model) -> "MemberClassifier":
        self.model_, self.classes_ = model, np.array([0, 1])
        self.feature_names_in_ = np.array(model.encoder.names, dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        return self

    def _frame(self, X: pd.DataFrame) -> pl.DataFrame:
        """``X`` as Polars' frame; texts where the model knows numbers are an error that names the column."""
        frame = as_polars(X)
        for column in self.model_.encoder.columns:
            if column.categories is None and frame.schema.get(column.name) == pl.String:
                raise ValueError(f"X: {column.name} is a number to the model, found texts")
        return frame

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Return the calibrated log-odds, shape (rows,)."""
        check_is_fitted(self, "model_")
        inputs = self.model_.inputs(self._frame(X))
        return self.model_.calibration.log_odds(self.model_.margin(inputs))

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probabilities of 0 and of 1, shape (rows, 2)."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return 1 where the probability is above one half, shape (rows,)."""
        return (self.decision_function(X) > 0).astype(np.int64)

    def explain(self, X: pd.DataFrame) -> "Explanation":
        """Return every feature's contribution to the calibrated log-odds as a ``shap.Explanation``.

        ``values.sum(axis=1) + base_values`` is ``decision_function``; ``shap.plots.*`` work on it, and
        ``.sentences("zh")`` says the same in words. ``data`` has the numbers that the model reads, categories
        as their codes, which have no order; ``display_data`` has the values themselves.
        """
        from models.explanation import Explanation

        check_is_fitted(self, "model_")
        frame = self._frame(X).select(self.model_.encoder.names)
        inputs = self.model_.inputs(frame)
        values, base = self.model_.contributions(inputs)
        return Explanation(
            values,
            base_values=np.full(len(values), base),
            data=inputs.matrix.astype(np.float64),
            display_data=_shown(frame),
            feature_names=self.model_.encoder.names,
        ).worded(Explainer(self.model_), frame)


def as_polars(X: Any) -> pl.DataFrame:
    """Return a frame of pandas (or of another library that narwhals knows) as Polars'.

    NaN is missing; categories and truth values are texts, as the catalogue has them.

    Raises
    ------
    TypeError
        No frame: features are told apart by their names.
    """
    if isinstance(X, pd.DataFrame):
        frame = pl.from_pandas(X, nan_to_null=True)
    else:
        native = nw.from_native(X, eager_only=True, pass_through=True)
        if not isinstance(native, nw.DataFrame):
            raise TypeError(f"X: needs a frame with named columns, found {type(X).__name__}")
        frame = native.to_polars()
    return frame.with_columns((cs.categorical() | cs.enum() | cs.boolean()).cast(pl.String))


def _shown(frame: pl.DataFrame) -> np.ndarray:
    """Values as ``shap.plots`` shows them, shape (rows, columns): missing numbers are NaN."""
    return frame.to_pandas().to_numpy(dtype=object)


def _feature(name: str, kind: pl.DataType) -> Feature:
    unit = "category" if kind == pl.String else ""
    return Feature(name, nw.lit(None), unit, name, name)


def _described(name: str, category: bool) -> dict[str, Any]:
    return {"name": name, "group": "", "unit": "category" if category else "", "en": name, "zh": name}
