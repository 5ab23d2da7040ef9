"""Path-dependent TreeSHAP of many rows at once, native categories included.

XGBoost walks every row down every tree for each contribution; woodelf (Nadel and Wettenstein 2025)
looks at each decision once for all rows. The values are the same up to rounding.
"""

from typing import Any

import numpy as np
from xgboost import Booster

from models.fitted.booster_trees import Tree, listed, trees

ROWS = 100_000  # at a time, so that memory stays bounded
FEWEST = 4_000  # below, ``models.fitted.tree_shap`` is as fast


def contributions(booster: Booster, matrix: np.ndarray) -> np.ndarray:
    """Return SHAP values on the scale of the margin, without the base, shape of ``matrix``, float64."""
    import pandas as pd
    from woodelf import WoodelfExplainer

    explainer = WoodelfExplainer(_ensemble(booster))
    parts = [
        explainer.shap_values(pd.DataFrame(matrix[start : start + ROWS]), verbose=False)
        for start in range(0, len(matrix), ROWS)
    ]
    return np.concatenate(parts).astype(np.float64)


def _ensemble(booster: Booster) -> Any:
    """The booster's trees as woodelf's, a category's decision being membership."""
    from woodelf.core.trees.decision_trees_ensemble import DecisionTreeNode, DecisionTreesEnsemble

    class Category(DecisionTreeNode):
        """A split on a category: those listed go right, unknown its own way."""

        listed: np.ndarray

        def shall_go_left(self, row: Any, GPU: bool = False) -> Any:  # noqa: N803
            values = row[self.feature_name]
            left = ~values.isin(self.listed)
            return left | values.isna() if self.nan_go_left else left & values.notna()

    return DecisionTreesEnsemble([_tree(tree, DecisionTreeNode, Category) for tree in trees(booster)])


def _tree(tree: Tree, number: Any, category: Any) -> Any:
    """Root of one tree of XGBoost's model format."""
    right = listed(tree)
    nodes = []
    for at, condition in enumerate(tree["split_conditions"]):
        kind = category if at in right else number
        node = kind(
            tree["split_indices"][at], condition, None, None, bool(tree["default_left"][at]), at,
            tree["sum_hessian"][at],
        )  # fmt: skip
        if at in right:
            node.listed = right[at]
        nodes.append(node)
    for node, left, right in zip(nodes, tree["left_children"], tree["right_children"], strict=True):
        if left >= 0:
            node.left, node.right = nodes[left], nodes[right]
            node.left.parent = node.right.parent = node
    nodes[0].depth = nodes[0].get_depth()
    return nodes[0]
