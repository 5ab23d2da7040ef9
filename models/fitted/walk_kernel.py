"""The loop over trees and rows behind ``tree_walk``, compiled by numba as ``shap_kernel`` is."""

from typing import Any

import numpy as np

from models.fitted.shap_kernel import compiled


@compiled()
def _differs(matrix: Any) -> Any:
    """In which columns the rows are not all alike."""
    found = np.zeros(matrix.shape[1], dtype=np.bool_)
    for column in range(matrix.shape[1]):
        first = matrix[0, column]
        for row in range(1, len(matrix)):
            other = matrix[row, column]
            if other != first and not (np.isnan(other) and np.isnan(first)):
                found[column] = True
                break
    return found


@compiled(
    "void(float32[:,::1], int64[::1], int64[::1], float32[::1], int64[::1], int64[::1], int64[::1], "
    "int64[::1], boolean[:,::1], float32[::1])"
)
def walk(
    matrix: Any,
    root: Any,
    feature: Any,
    value: Any,
    left: Any,
    right: Any,
    missing: Any,
    member: Any,
    members: Any,
    out: Any,
) -> None:
    """Add to ``out`` the leaf of each tree that each row comes to; the arrays are those of ``TreeWalk``.

    Rows go together until a node asks for what they differ in: stand-ins of one row differ in little.
    """
    differs = _differs(matrix)
    for tree in range(len(root)):
        common = root[tree]
        for row in range(-1, len(out)):  # first all of them, as far as they go together
            node, at = common, max(row, 0)
            while feature[node] >= 0 and (row >= 0 or not differs[feature[node]]):
                found = matrix[at, feature[node]]
                if np.isnan(found):
                    node = missing[node]
                elif member[node] >= 0:
                    code = np.int64(min(max(found, 0), members.shape[1] - 1))
                    node = right[node] if members[member[node], code] else left[node]
                else:
                    node = left[node] if found < value[node] else right[node]
            if row < 0:
                common = node
            else:
                out[row] += value[node]
