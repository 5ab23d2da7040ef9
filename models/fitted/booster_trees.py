"""The trees of a booster as XGBoost writes them, and the paths to their leaves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from xgboost import Booster

Tree = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """What the path to a leaf asks of one feature.

    Parameters
    ----------
    low, high
        The value is at least ``low`` and less than ``high``.
    missing
        Whether a missing value takes this path.
    members
        Of a category: whether each code takes it, the last one standing for all others, shape (codes + 1,).
    share
        Of the training rows at each split by the feature, those that took this path, multiplied.
    """

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True
    members: np.ndarray | None = None
    share: float = 1.0


Path = dict[int, Condition]  # by the feature's place


def trees(booster: Booster) -> list[Tree]:
    """Return every tree in XGBoost's own format: lists with one place a node."""
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
    found: list[Tree] = model["trees"]
    return found


def listed(tree: Tree) -> dict[int, np.ndarray]:
    """Return the codes of the categories that go right, by node; all others go left."""
    spans = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True)
    return {
        node: np.asarray(tree["categories"][start : start + size], dtype=np.int64)
        for node, start, size in spans
    }


def codes(every: list[Tree]) -> int:
    """Return how many codes of categories the trees know: the largest and all below."""
    return max((int(max(tree["categories"])) + 1 for tree in every if tree["categories"]), default=0)


def paths(tree: Tree, codes: int) -> Iterator[tuple[Path, float]]:
    """Yield what the path to each leaf asks, by feature, and the leaf's value."""
    right = {node: _members(found, codes) for node, found in listed(tree).items()}
    open_: list[tuple[int, Path]] = [(0, {})]
    while open_:
        node, asked = open_.pop()
        children = (tree["left_children"][node], tree["right_children"][node])
        if children[0] < 0:
            yield asked, tree["split_conditions"][node]
            continue
        feature = tree["split_indices"][node]
        before = asked.get(feature, Condition())
        for child, left in zip(children, (True, False), strict=True):
            share = before.share * tree["sum_hessian"][child] / tree["sum_hessian"][node]
            missing = before.missing and bool(tree["default_left"][node]) == left
            after = _narrowed(before, tree["split_conditions"][node], right.get(node), left)
            open_.append((child, asked | {feature: replace(after, missing=missing, share=share)}))


def _members(found: np.ndarray, codes: int) -> np.ndarray:
    is_right = np.zeros(codes + 1, dtype=bool)
    is_right[found] = True
    return is_right


def _narrowed(before: Condition, threshold: float, right: np.ndarray | None, left: bool) -> Condition:
    """What is asked after one more split: below the threshold is left, and so is what does not go right."""
    if right is None:
        if left:
            return replace(before, high=min(before.high, threshold))
        return replace(before, low=max(before.low, threshold))
    goes = ~right if left else right
    return replace(before, members=goes if before.members is None else goes & before.members)
