"""Logistic regression as a scorecard: every value of an input has its points, and their sum is the log-odds.

A number is read by its rank, in bins; a category by itself; missing has points of its own. So each input's
part of the log-odds is a step function of that input alone, which is a tree: the scorecard is a booster with
one tree an input, and is saved, served and explained like any other.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, ndtri
from xgboost import Booster

from models.learners import boosting
from models.learners.tree_sum import of_trees

BINS = 64  # with 32 it lost some .001 of average precision to ranks that are not in bins
RARE = 20  # rows of a category below which it has the points of one never seen
PENALTY = 0.1  # scikit-learn's C: the smaller, the nearer to no points at all
NOBODY = 1e-3  # rows, so that no part of a tree is without any
ROOT = 2**31 - 1  # as XGBoost writes that there is no parent
LOWEST = float(np.finfo(np.float32).min)


@dataclass(frozen=True)
class Part:
    """One input's bins: the design's columns for them, and how to send a value to its bin.

    ``edges`` of numbers and ``categories`` (codes) of categories; ``n`` training rows of each bin, the last
    of them missing or unseen; ``design`` of shape (bins, columns).
    """

    edges: np.ndarray
    categories: np.ndarray
    n: np.ndarray
    design: np.ndarray

    def rows(self, bins: np.ndarray) -> np.ndarray:
        """Return columns of the design for rows in these bins, shape (rows, columns)."""
        return self.design[bins]


def fit(matrix: np.ndarray, label: np.ndarray, kinds: list[str], seed: int) -> Booster:
    """Learn points from ``matrix`` of shape (rows, columns) and 0/1 ``label``.

    ``kinds`` are the columns' types as XGBoost calls them.
    """
    from sklearn.linear_model import LogisticRegression

    parts, blocks = [], []
    for column, kind in zip(matrix.T, kinds, strict=True):
        part, bins = _category(column) if kind == "c" else _number(column)
        parts.append(part)
        blocks.append(part.rows(bins))
    learnt = LogisticRegression(C=PENALTY, solver="newton-cholesky").fit(np.hstack(blocks), label)
    weights = np.split(learnt.coef_[0], np.cumsum([part.design.shape[1] for part in parts])[:-1])
    trees = [
        _tree(at, part, part.design @ weight)
        for at, (part, weight) in enumerate(zip(parts, weights, strict=True))
        if np.ptp(part.design @ weight) > 0
    ]
    # Only the format is taken from it: one row has it in a fraction of the time of all.
    like, _ = boosting.train(boosting.DEFAULTS, matrix[:1], label[:1], kinds, seed, rounds=1)
    return of_trees(json.loads(like.save_raw("json")), trees, float(expit(learnt.intercept_[0])))


def _number(column: np.ndarray) -> tuple[Part, np.ndarray]:
    """Bins of about equal size, each read as the normal score of its middle rank; missing as a bin."""
    there = ~np.isnan(column)
    quantiles = np.quantile(column[there], np.linspace(0, 1, BINS + 1)[1:-1]) if there.any() else []
    edges = _between(np.unique(column[there]), np.unique(np.asarray(quantiles, dtype=np.float32)))
    bins = np.where(there, np.searchsorted(edges, column, side="right"), len(edges) + 1)
    n = np.bincount(bins, minlength=len(edges) + 2).astype(np.float64)
    known = n[:-1]
    middle = (np.cumsum(known) - known / 2) / max(known.sum(), 1.0)
    score = np.append(ndtri(np.clip(middle, 1e-3, 1 - 1e-3)), 0.0)
    missing = np.arange(len(n)) == len(n) - 1
    design = np.column_stack([score, missing]) if n[-1] else score[:, None]
    return Part(edges, np.empty(0), n, design), bins


def _between(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Each edge half way to the value below it: what lies between two known values is like the nearer."""
    below = values[np.maximum(np.searchsorted(values, edges) - 1, 0)] if len(values) else edges
    return np.unique(((below + edges) / 2).astype(np.float32))


def _category(column: np.ndarray) -> tuple[Part, np.ndarray]:
    """A bin for each category that is not rare; the last one for all others and missing."""
    codes, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    kept = codes[counts >= RARE]
    place = np.searchsorted(kept, column)
    known = (place < len(kept)) & (
        kept[np.minimum(place, max(len(kept) - 1, 0))] == column if len(kept) else False
    )
    bins = np.where(known, place, len(kept))
    n = np.bincount(bins, minlength=len(kept) + 1).astype(np.float64)
    return Part(np.empty(0), kept, n, np.eye(len(kept) + 1)[:, : len(kept)]), bins


def _tree(feature: int, part: Part, points: np.ndarray) -> dict[str, Any]:
    """The step function of one input in XGBoost's model format: unknown to the left, then halved.

    The two children of a node stand side by side, as XGBoost's own contributions expect.
    """
    cover, last = np.maximum(part.n, NOBODY), len(points) - 1
    nodes: list[dict[str, Any]] = [{"parent": ROOT, "low": 0, "high": last + 1}]
    for at, node in enumerate(nodes):  # grows while it is walked
        low, high = node["low"], node["high"]
        node["cover"] = float(cover[low:high].sum())
        if high - low == 1:
            node["leaf"] = points[low]
            continue
        middle = last if at == 0 else (low + high) // 2
        halves = [(last, high), (low, last)] if at == 0 else [(low, middle), (middle, high)]
        if len(part.categories):
            node["listed"] = part.categories[low:last] if at == 0 else part.categories[middle:high]
        else:
            node["below"] = LOWEST if at == 0 else part.edges[middle - 1]
        node |= {"left": len(nodes), "right": len(nodes) + 1}
        nodes += [{"parent": at, "low": one, "high": other} for one, other in halves]
    return _written(feature, nodes)


def _written(feature: int, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """Nodes as the arrays of XGBoost's model format."""
    listed = [at for at, node in enumerate(nodes) if "listed" in node]
    sizes = [len(nodes[at]["listed"]) for at in listed]
    return {
        "base_weights": [float(np.float32(node.get("leaf", 0.0))) for node in nodes],
        "categories": [int(code) for at in listed for code in nodes[at]["listed"]],
        "categories_nodes": listed,
        "categories_segments": np.cumsum([0, *sizes])[:-1].tolist() if listed else [],
        "categories_sizes": sizes,
        "default_left": [int("left" in node) for node in nodes],
        "id": 0,
        "left_children": [node.get("left", -1) for node in nodes],
        "loss_changes": [0.0] * len(nodes),
        "parents": [node["parent"] for node in nodes],
        "right_children": [node.get("right", -1) for node in nodes],
        "split_conditions": [
            float(np.float32(node["leaf"] if "leaf" in node else node.get("below", np.nan))) for node in nodes
        ],
        "split_indices": [feature if "left" in node else 0 for node in nodes],
        "split_type": [int("listed" in node) for node in nodes],
        "sum_hessian": [float(node["cover"]) for node in nodes],
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(feature + 1),
            "num_nodes": str(len(nodes)),
            "size_leaf_vector": "1",
        },
    }
