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

from models.fitted.booster_sum import BoosterSum

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
ALIKE = 20  # rows
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
    share
        With which probability each row was contacted, shape (rows,); see ``contact_share``.
    feature_types
        As XGBoost calls them.
    """

    matrix: np.ndarray
    label: np.ndarray
    treated: np.ndarray
    subject: np.ndarray
    share: np.ndarray
    feature_types: list[str]
    seed: int
    threads: int = 1

    def take(self, rows: np.ndarray) -> "Trial":
        """Return only the rows of a mask."""
        parts = self.matrix[rows], self.label[rows], self.treated[rows], self.subject[rows], self.share[rows]
        return Trial(*parts, self.feature_types, self.seed, self.threads)

    @property
    def weight(self) -> np.ndarray:
        """Of how many rows each speaks for: the inverse of the probability of its arm, shape (rows,)."""
        return arm_weight(self.treated, self.share)

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


def arm_weight(treated: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return of how many rows each speaks for: the inverse of the probability of its arm, shape (rows,)."""
    return 1 / np.where(treated, share, 1 - share)


def contact_share(treated: np.ndarray, campaign: np.ndarray | None = None) -> np.ndarray:
    """Return the probability with which each row was contacted: the share in its campaign, shape (rows,).

    Where campaigns hold out different shares, who is held out differs as their audiences do. Shares of
    small campaigns are drawn towards that of all with ``ALIKE`` rows; without campaigns it is that of all.

    Examples
    --------
    >>> contact_share(np.array([True, True, True, False])).tolist()
    [0.75, 0.75, 0.75, 0.75]
    """
    overall = float(treated.mean())
    if campaign is None:
        return np.full(len(treated), overall)
    of = np.unique(campaign, return_inverse=True)[1]
    contacted, n = np.bincount(of, treated), np.bincount(of)
    return ((contacted + ALIKE * overall) / (n + ALIKE))[of]


def t_learner(trial: Trial) -> BoosterSum:
    """Return the rate with a contact minus that without, a model each."""
    without, contacted = _rates(trial)
    return BoosterSum(((1.0, contacted), (-1.0, without)))


def x_learner(trial: Trial) -> BoosterSum:
    """Return each row's outcome against the other arm's expectation; the effects of both arms, weighted.

    The effect learnt on the contacted compares with the model of the control arm. It weighs as
    much as there are held out, so that the smaller arm's model counts less.
    """
    without, contacted = trial.outcomes
    on, off = trial.treated, ~trial.treated
    gained, missed = (
        _boosted(trial.take(arm), effect[arm], "reg:squarederror", trial.weight[arm])
        for arm, effect in ((on, trial.label - without), (off, contacted - trial.label))
    )
    share = float(trial.share.mean())
    return BoosterSum(((1 - share, gained), (share, missed)))


def dr_learner(trial: Trial) -> BoosterSum:
    """Return both expectations, corrected by the weighted error of the arm that was observed."""
    without, contacted = trial.outcomes
    weight = np.where(trial.treated, 1 / trial.share, -1 / (1 - trial.share))
    error = trial.label - np.where(trial.treated, contacted, without)
    effect = contacted - without + weight * error
    return BoosterSum(((1.0, _boosted(trial, effect, "reg:squarederror", np.ones(len(effect)))),))


LEARNERS: dict[str, Callable[[Trial], BoosterSum]] = {"t": t_learner, "x": x_learner, "dr": dr_learner}


def _rates(trial: Trial) -> list[Any]:
    """A booster of the outcome's rate without a contact, and one with."""
    return [
        _boosted(trial.take(arm), trial.label[arm], "binary:logistic", trial.weight[arm])
        for arm in (~trial.treated, trial.treated)
    ]


def _boosted(trial: Trial, target: np.ndarray, objective: str, weight: np.ndarray) -> Any:
    return boosted(trial.matrix, target, trial.feature_types, objective, weight, trial.seed, trial.threads)


def boosted(
    matrix: np.ndarray,
    target: np.ndarray,
    feature_types: list[str],
    objective: str,
    weight: np.ndarray | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Any:
    """Fit shallow trees to a target and return their booster.

    Parameters
    ----------
    matrix, target
        Shape (rows, columns) and (rows,).
    objective
        One of those in ``LEAF``.
    weight
        How many rows each speaks for, in proportion, shape (rows,); None for one each.
    """
    import xgboost

    data = xgboost.QuantileDMatrix(
        matrix,
        target,
        weight=None if weight is None else weight / weight.mean(),
        feature_types=feature_types,
        enable_categorical=True,
    )
    own = {"objective": objective, "min_child_weight": LEAF[objective], "seed": seed}
    return xgboost.train(SETTINGS | own | {"nthread": threads}, data, ROUNDS)
