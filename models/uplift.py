"""Whom a contact moves: meta-learners for the effect of a contact that was withheld at random.

All need a control arm that was drawn at random, and learn the difference of the outcome's rate with
and without a contact (Künzel et al. 2019; Kennedy 2023). Our own and not a library's: causalml and
econml bring their own forests and statsmodels for what are three formulas over the estimator that
is here already, and save no model without pickle; scikit-uplift is unmaintained.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.booster_sum import Amount

# Effects are small beside the outcome's own variation: shallow trees, few of them, large leaves.
SETTINGS: dict[str, Any] = {
    "max_depth": 2,
    "learning_rate": 0.08,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "reg_lambda": 5.0,
    "tree_method": "hist",
}
ROUNDS, LENGTHS = 60, (20, 40, 60)  # fitted, and those compared out of fold
LEAF = {"binary:logistic": 5.0, "reg:squarederror": 50.0}  # smallest sum of hessians


@dataclass(frozen=True)
class Trial:
    """Rows of a randomised trial.

    Parameters
    ----------
    matrix
        Shape (rows, columns).
    label
        0 or 1, shape (rows,).
    treated
        Whether each row was contacted, shape (rows,).
    subject
        Integer code of each row's subject; the rows of one are never on both sides of a split.
    feature_types
        As XGBoost calls them.
    """

    matrix: np.ndarray
    label: np.ndarray
    treated: np.ndarray
    subject: np.ndarray
    feature_types: list[str]
    seed: int
    threads: int = 1

    @property
    def share(self) -> float:
        """Of the rows, how many were contacted."""
        return float(self.treated.mean())

    def take(self, rows: np.ndarray) -> "Trial":
        """Only the rows of a mask."""
        parts = self.matrix[rows], self.label[rows], self.treated[rows], self.subject[rows]
        return Trial(*parts, self.feature_types, self.seed, self.threads)

    @cached_property
    def outcomes(self) -> tuple[np.ndarray, np.ndarray]:
        """Rates expected without and with a contact, each from the other half of the subjects."""
        codes, number = np.unique(self.subject, return_inverse=True)
        side = np.random.default_rng(self.seed).permutation(len(codes))[number] % 2 == 0
        found = np.zeros((2, len(self.label)))
        for half in (side, ~side):
            for arm, booster in enumerate(_rates(self.take(~half))):
                found[arm, half] = booster.inplace_predict(self.matrix[half])
        return found[0], found[1]


def t_learner(trial: Trial) -> Amount:
    """Rate with a contact minus rate without, a model each."""
    without, contacted = _rates(trial)
    return Amount(((1.0, contacted), (-1.0, without)))


def x_learner(trial: Trial) -> Amount:
    """Each row's outcome against the other arm's expectation; the effects of both arms, weighted.

    The effect learnt on the contacted compares with the model of the control arm. It weighs as
    much as there are held out, so that the smaller arm's model counts less.
    """
    without, contacted = trial.outcomes
    on, off = trial.treated, ~trial.treated
    gained = _effect(trial.take(on), (trial.label - without)[on])
    missed = _effect(trial.take(off), (contacted - trial.label)[off])
    return Amount(((1 - trial.share, gained), (trial.share, missed)))


def dr_learner(trial: Trial) -> Amount:
    """Both expectations, corrected by the weighted error of the arm that was observed."""
    without, contacted = trial.outcomes
    weight = np.where(trial.treated, 1 / trial.share, -1 / (1 - trial.share))
    error = trial.label - np.where(trial.treated, contacted, without)
    return Amount(((1.0, _effect(trial, contacted - without + weight * error)),))


LEARNERS: dict[str, Callable[[Trial], Amount]] = {"t": t_learner, "x": x_learner, "dr": dr_learner}


def _rates(trial: Trial) -> list[Any]:
    """A booster of the outcome's rate without a contact, and one with."""
    arms = (~trial.treated, trial.treated)
    return [_boosted(trial.take(arm), trial.label[arm], "binary:logistic") for arm in arms]


def _effect(trial: Trial, effect: np.ndarray) -> Any:
    return _boosted(trial, effect, "reg:squarederror")


def _boosted(trial: Trial, target: np.ndarray, objective: str) -> Any:
    import xgboost

    data = xgboost.QuantileDMatrix(
        trial.matrix, target, feature_types=trial.feature_types, enable_categorical=True
    )
    own = {"objective": objective, "min_child_weight": LEAF[objective], "seed": trial.seed}
    return xgboost.train(SETTINGS | own | {"nthread": trial.threads}, data, ROUNDS)
