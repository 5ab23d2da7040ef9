"""A rule that is told of a slice picks the very rows of the slice, unknown values included."""

import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from sklearn.tree import DecisionTreeRegressor

from training.reporting.sections import slices

NAMES = ["a", "b", "c"]
WORDS = {name: {"en": name, "zh": name} for name in NAMES}


def picked(frame: pl.DataFrame, rule: list[dict]) -> np.ndarray:
    """Rows that a reader of the rule would pick."""
    inside = pl.lit(value=True)
    for part in rule:
        value = pl.col(part["en"])
        if part["value"] is None:
            inside &= value.is_null() if part["side"] == "unknown" else value.is_not_null()
            continue
        holds = value <= part["value"] if part["side"] == "≤" else value > part["value"]
        inside &= holds.fill_null(value=part["or_unknown"])
    return frame.select(inside.alias("in"))["in"].to_numpy()


@pytest.mark.parametrize("seed", range(6))
def test_a_rule_picks_the_rows_of_its_slice(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(600, 3)).round(2).astype(np.float32)
    matrix[:, :2][rng.random((600, 2)) < 0.4] = np.nan
    loss = np.isnan(matrix[:, 0]) * 30.0 + np.nan_to_num(matrix[:, 1]) + rng.normal(size=600)
    tree = DecisionTreeRegressor(max_depth=4, min_samples_leaf=20, random_state=0).fit(matrix, loss)
    frame = pl.DataFrame(matrix.astype(np.float64), schema=NAMES).fill_nan(None)
    source = SimpleNamespace(features=WORDS, test=frame)
    leaf, rules = tree.apply(matrix), []
    for node in np.unique(leaf):
        rule = slices._rule(tree.tree_, int(node), NAMES, source)
        rules += rule
        json.dumps(rule, allow_nan=False)
        assert (picked(frame, rule) == (leaf == node)).all()
    assert any(part["side"] == "unknown" for part in rules)
