"""How a model is learnt: which estimator, with which settings, as the mean of how many.

Whatever the estimator, what comes of it is one booster: it is saved, explained and served in one way.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from xgboost import Booster

from models.card import RecipeFacts
from models.learners import boosting, scorecard, tree_sum
from models.learners.estimators import ESTIMATORS, Estimator


def simplest_first(rows: int) -> tuple[Estimator, ...]:
    """Return the estimators for ``rows`` to learn from, the one to be preferred among equals first.

    On few rows the average is the cautious one, since half of it cannot overfit much. On many it is two
    models at once, whose reasons come from both and hold less well at a refit.
    """
    return ("logistic", "average", "trees") if rows < boosting.SMALL else ESTIMATORS


@dataclass(frozen=True)
class Recipe:
    """Everything that a fit needs but rows.

    Parameters
    ----------
    estimator
        Gradient-boosted ``trees``, a ``logistic`` regression as a scorecard, or the ``average`` of their
        log-odds.
    settings, rounds
        Of the trees, as XGBoost has them.
    bags
        So many boosters that differ by their seed only are averaged: what one seed happens to find is no
        reason for a score.
    """

    estimator: Estimator
    settings: Mapping[str, Any]
    rounds: int
    seed: int
    bags: int = 1

    def __post_init__(self) -> None:
        if self.estimator not in ESTIMATORS:
            raise ValueError(f"estimator {self.estimator!r}: {', '.join(ESTIMATORS)}")
        if min(self.rounds, self.bags) < 1:
            raise ValueError(f"rounds {self.rounds}, bags {self.bags}: at least 1 of each")

    @classmethod
    def of(cls, best: Mapping[str, Any], seed: int, bags: int = 1) -> "Recipe":
        """Return what a search has found; ``best`` is of ``tune.json``."""
        return cls(best["estimator"], best["params"], best["rounds"], seed, bags)

    def other(self, **changes: Any) -> "Recipe":
        """Return the same but for some of its parts."""
        return replace(self, **changes)

    def described(self) -> RecipeFacts:
        """Return what a model's card says of it: ``bags`` are the trees of each, where they are several."""
        is_bagged = self.estimator != "logistic" and self.bags > 1
        return {
            "estimator": self.estimator,
            "settings": {**self.settings, "seed": self.seed},
            "rounds": self.rounds,
            "bags": [self.rounds] * self.bags if is_bagged else [],
        }

    def fit(self, matrix: np.ndarray, label: np.ndarray, kinds: list[str], threads: int = 1) -> Booster:
        """Learn from ``matrix`` of shape (rows, columns) and 0/1 ``label``, shape (rows,).

        ``kinds`` are the columns' types as XGBoost calls them. The trees of the bags come first, bag by bag.
        """
        if self.estimator == "logistic":
            return scorecard.fit(matrix, label, kinds, self.seed)
        trees = self._bagged(matrix, label, kinds, threads)
        if self.estimator == "trees":
            return trees
        return tree_sum.weighted([trees, scorecard.fit(matrix, label, kinds, self.seed)], [0.5, 0.5])

    def _bagged(self, matrix: np.ndarray, label: np.ndarray, kinds: list[str], threads: int) -> Booster:
        """The mean of the bags, which learn from one matrix in bins; several side by side, a thread each."""
        data, settings = boosting.quantised(matrix, label, kinds), dict(self.settings)
        if self.bags == 1:
            return boosting.boosted(settings, data, self.seed, self.rounds, threads)

        def one(bag: int) -> Booster:
            return boosting.boosted(settings, data, self.seed + bag, self.rounds)

        with ThreadPoolExecutor(threads) as pool:
            return tree_sum.mean(list(pool.map(one, range(self.bags))))
