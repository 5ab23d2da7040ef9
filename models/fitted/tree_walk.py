"""Margins of few rows, from a booster's trees that are laid out once.

XGBoost takes most of a millisecond to be asked at all, which for one row is all of it. The same walk down the
same trees, leaves added in the same order and precision, gives the same margins to the bit; where it does
not, say with a kind of booster that is not known here, XGBoost is asked.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from xgboost import Booster

from models.fitted.booster_trees import Tree, codes, listed, trees

FEW_ROWS = 128  # rows; of more XGBoost is as quick
SEED, SAMPLE, HOLES = 11, 64, 0.1  # rows that both ways are held against each other on, their missing share


def _log_odds(score: np.float32) -> np.float32:
    return np.float32(-np.log(np.float32(1.0) / score - np.float32(1.0)))


def _logistic(margin: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-margin))


Links = tuple[Callable[[Any], Any], Callable[[Any], Any]]
AMOUNT: Links = (np.log, np.exp)
# By objective: from the base score to a margin, and from a margin to what is told.
LINKS: Mapping[str, Links] = {
    "binary:logistic": (_log_odds, _logistic),
    "reg:squarederror": (np.float32, np.float64),
    "count:poisson": AMOUNT,
    "reg:gamma": AMOUNT,
    "reg:tweedie": AMOUNT,
}


@dataclass(frozen=True)
class TreeWalk:
    """Every node of a booster's trees, one tree after another, shape (nodes,) each.

    Parameters
    ----------
    base
        The margin before any tree.
    response
        From margins to what is told.
    root
        Where each tree begins, shape (trees,).
    feature
        The column that a node asks for, -1 in a leaf.
    value
        A threshold, below which is left, or what a leaf adds.
    left, right
        The nodes that follow.
    missing
        The node that follows where the value is missing.
    member
        The line of ``members`` (nodes that ask for a category, codes) that says which codes go right, -1 of
        a number.
    """

    base: np.float32
    response: Callable[[np.ndarray], np.ndarray]
    root: np.ndarray
    feature: np.ndarray
    value: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing: np.ndarray
    member: np.ndarray
    members: np.ndarray

    @classmethod
    def of(cls, booster: Booster) -> Self | None:
        """Lay out ``booster``; None where it is of another kind or says anything else of a sample of rows."""
        learner = json.loads(booster.save_config())["learner"]
        links = LINKS.get(learner["objective"]["name"])
        if (
            links is None
            or learner["gradient_booster"]["name"] != "gbtree"
            or not booster.num_boosted_rounds()
        ):
            return None
        every = trees(booster)
        score = json.loads(learner["learner_model_param"]["base_score"])
        if len(score) != 1:
            return None
        nodes = _nodes(every)
        found = (cls(base, links[1], *nodes) for base in _near(links[0](np.float32(score[0]))))
        return next((one for one in found if one._is_right(booster)), None)

    def _is_right(self, booster: Booster) -> bool:
        """Whether it says what ``booster`` says: of rows at the thresholds, where it is decided."""
        sample = self._sample(booster.num_features())
        told = booster.inplace_predict(sample, predict_type="margin")
        is_alike = np.allclose(self.predict(sample), booster.inplace_predict(sample), rtol=1e-6, atol=1e-7)
        return bool(is_alike and np.array_equal(self.margin(sample), told))

    def _sample(self, columns: int) -> np.ndarray:
        rng, found = np.random.default_rng(SEED), np.full((SAMPLE, columns), np.nan, dtype=np.float32)
        for column in range(columns):
            at = self.feature == column
            asked = self.value[at & (self.member < 0)]
            choice = asked if len(asked) else np.arange(self.members.shape[1], dtype=np.float32)
            is_there = rng.random(SAMPLE) > HOLES
            found[is_there, column] = rng.choice(choice, SAMPLE)[is_there]
        return found

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Return what the booster tells of each row: a probability or an amount, shape (rows,), float64."""
        return self.response(self.margin(matrix).astype(np.float64))

    def margin(self, matrix: np.ndarray) -> np.ndarray:
        """Return the margin of each row of ``matrix`` (float32), shape (rows,), float32."""
        out = np.full(len(matrix), self.base, dtype=np.float32)
        _kernel()(
            np.ascontiguousarray(matrix), self.root, self.feature, self.value, self.left, self.right,
            self.missing, self.member, self.members, out,
        )  # fmt: skip
        return out


@cache
def _kernel() -> Callable[..., None]:
    """Import it where it is needed: numba takes half a second, the first compilation more."""
    from models.fitted.walk_kernel import walk

    return walk


def _near(base: np.float32) -> Iterator[np.float32]:
    """A margin and its neighbours: logarithms of libraries differ in the last bit."""
    yield base
    for way in (-np.inf, np.inf):
        yield np.nextafter(base, np.float32(way))


def _nodes(every: list[Tree]) -> tuple[np.ndarray, ...]:
    """Root to members, as of ``TreeWalk``."""
    sizes = [len(tree["left_children"]) for tree in every]
    root = np.cumsum([0, *sizes[:-1]])
    start = np.repeat(root, sizes)
    is_leaf = _all(every, "left_children", np.int64) < 0
    left, right = (start + _all(every, f"{side}_children", np.int64) for side in ("left", "right"))
    feature = np.where(is_leaf, -1, _all(every, "split_indices", np.int64))
    missing = np.where(_all(every, "default_left", np.int64) == 1, left, right)
    asked = {
        at + node: found for at, tree in zip(root, every, strict=True) for node, found in listed(tree).items()
    }
    member, members = np.full(len(start), -1), np.zeros((len(asked), codes(every) + 1), dtype=bool)
    for line, (node, found) in enumerate(asked.items()):
        member[node] = line
        members[line, found] = True
    value = _all(every, "split_conditions", np.float32)
    return root, feature, value, left, right, missing, member, members


def _all(every: list[Tree], name: str, kind: Any) -> np.ndarray:
    return np.concatenate([np.asarray(tree[name], dtype=kind) for tree in every])
