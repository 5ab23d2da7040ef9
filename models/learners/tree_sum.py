"""Several boosters as one: the mean of models, and linear models, in the format that everything here reads.

XGBoost sums the leaves of its trees, so that the mean of boosters is a booster, too: all their trees, each
leaf divided by how many there are. It is saved, served and explained like any other, and a slice of its
trees is one of the models that it is the mean of.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit, logit
from xgboost import Booster


def weighted(boosters: Sequence[Booster], weights: Sequence[float]) -> Booster:
    """Return the booster whose log-odds are the weighted sum of those of ``boosters``, their trees in order.

    Raises
    ------
    ValueError
        None, or not as many weights.
    """
    if not boosters or len(boosters) != len(weights):
        raise ValueError(f"found {len(boosters)} boosters and {len(weights)} weights")
    models = [json.loads(booster.save_raw("json")) for booster in boosters]
    base = sum(weight * logit(_base(model)) for model, weight in zip(models, weights, strict=True))
    trees = [
        _scaled(tree, weight)
        for model, weight in zip(models, weights, strict=True)
        for tree in model["learner"]["gradient_booster"]["model"]["trees"]
    ]
    return of_trees(models[0], trees, float(expit(base)))


def mean(boosters: Sequence[Booster]) -> Booster:
    """Return the booster whose log-odds are the mean of those of ``boosters``; of one, itself."""
    if len(boosters) == 1:
        return boosters[0]
    return weighted(boosters, [1 / len(boosters)] * len(boosters))


def of_trees(model: dict[str, Any], trees: list[dict[str, Any]], base: float) -> Booster:
    """Return a booster like ``model`` (XGBoost's JSON) with other trees; ``base`` is a probability."""
    learner = model["learner"]
    inside = learner["gradient_booster"]["model"]
    inside |= {
        "trees": [tree | {"id": at} for at, tree in enumerate(trees)],
        "tree_info": [0] * len(trees),
        "iteration_indptr": list(range(len(trees) + 1)),
        "gbtree_model_param": inside["gbtree_model_param"] | {"num_trees": str(len(trees))},
    }
    learner["learner_model_param"] |= {"base_score": f"[{np.float32(base):.9E}]"}
    learner["attributes"] = {}
    return Booster(model_file=bytearray(json.dumps(model).encode()))


def _base(model: dict[str, Any]) -> float:
    """Probability from which the trees start."""
    return float(model["learner"]["learner_model_param"]["base_score"].strip("[]"))


def _scaled(tree: dict[str, Any], weight: float) -> dict[str, Any]:
    """A tree with its leaves multiplied."""
    leaf = np.asarray(tree["left_children"]) < 0
    values = np.asarray(tree["split_conditions"], dtype=np.float64)
    own = np.asarray(tree["base_weights"], dtype=np.float64)
    return tree | {
        "split_conditions": np.where(leaf, values * weight, values).astype(np.float32).tolist(),
        "base_weights": (own * weight).astype(np.float32).tolist(),
    }
