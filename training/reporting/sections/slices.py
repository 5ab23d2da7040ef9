"""Where the model errs most: leaves of a shallow tree on the log loss, found on one half of the
subjects and judged on the other."""

from typing import Any

import numpy as np

from training.evaluation.metrics import rate
from training.reporting.source import Source
from training.results.report_segments import Condition, Side, Slice

DEPTH, SHARE, MOST, FEATURES = 3, 0.03, 4, 30
ROWS = 30_000


def slices(source: Source) -> list[Slice]:
    """Return the slices with the highest log loss on the judging half; exploratory."""
    from sklearn.tree import DecisionTreeRegressor

    names = _numbers(source)
    if not names:
        return []
    p, y = np.clip(source.probability, 1e-6, 1 - 1e-6), source.label
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    matrix = source.test.select(names).cast(float).to_numpy()
    learn = np.flatnonzero(source.subject % 2 == 0)[:ROWS]
    judge = source.subject % 2 == 1
    least = max(50, round(SHARE * len(learn)))
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=least, random_state=source.seed)
    tree.fit(matrix[learn], loss[learn])
    leaf = tree.apply(matrix)
    worst = sorted(set(leaf[judge]), key=lambda node: -loss[judge & (leaf == node)].mean())[:MOST]
    overall = float(loss[judge].mean())
    return [
        _slice(source, _rule(tree.tree_, int(node), names, source), judge & (leaf == node), loss, overall)
        for node in worst
    ]


def _numbers(source: Source) -> list[str]:
    """The strongest numeric features."""
    kinds = {column.name: column.categories for column in source.model.encoder.columns}
    strongest = [line["name"] for line in source.explained["features"]]
    return [name for name in strongest if kinds[name] is None][:FEATURES]


def _rule(tree: Any, leaf: int, names: list[str], source: Source) -> list[Condition]:
    """The conditions on the way to a leaf, the tightest of each feature and side."""
    found: dict[tuple[str, bool], float] = {}
    takes: dict[str, bool] = {}  # whether rows without a value come to the leaf as well
    node = leaf
    while node != 0:
        parent = int(np.flatnonzero((tree.children_left == node) | (tree.children_right == node))[0])
        left, name = bool(tree.children_left[parent] == node), names[tree.feature[parent]]
        takes[name] = takes.get(name, True) and bool(tree.missing_go_to_left[parent]) == left
        found.setdefault((name, left), float(tree.threshold[parent]))  # nearest to the leaf is the tightest
        node = parent
    gaps = {name for name in takes if takes[name] and source.test[name].null_count()}
    parts = [(name, _condition(left, value, name in gaps)) for (name, left), value in reversed(found.items())]
    bounded = {name for name, part in parts if part["value"] is not None}
    kept = [(name, part) for name, part in parts if part["value"] is not None or name not in bounded]
    return [
        {"en": source.features[name]["en"], "zh": source.features[name]["zh"], **part} for name, part in kept
    ]


def _condition(left: bool, value: float, or_unknown: bool) -> Side:
    """One side of a split; scikit-learn parts what has a value from what has none at infinity."""
    if np.isinf(value):
        return {"side": "known" if left else "unknown", "value": None, "or_unknown": False}
    return {"side": "≤" if left else ">", "value": value, "or_unknown": or_unknown}


def _slice(
    source: Source, rule: list[Condition], inside: np.ndarray, loss: np.ndarray, overall: float
) -> Slice:
    y, p = source.label[inside], source.probability[inside]
    low, high = rate(y, source.subject[inside])
    return {
        "rule": rule,
        "n": len(y),
        "positives": int(y.sum()),
        "rate": {"value": float(y.mean()), "low": low, "high": high},
        "expected": float(p.mean()),
        "loss": float(loss[inside].mean()),
        "overall": overall,
    }
