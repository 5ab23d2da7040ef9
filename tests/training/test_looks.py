"""A test is worn by each model that is evaluated on the same rows, and by nothing else."""

import polars as pl

from training.evaluation import looks

TEST = pl.DataFrame(
    {"member_id": ["a", "b", "c"], "as_of": [1, 2, 3], "label": [0, 1, 0], "score": [0.1, 0.2, 0.3]}
)


def n(out, test=TEST):
    return looks.past_looks(out, test)["n"]


def test_only_another_model_on_the_same_rows_is_another_look(tmp_path):
    assert looks.past_looks(tmp_path, TEST) == {"n": 0, "since": None}
    for model in ("one", "one", "two"):
        looks.look(tmp_path, TEST, model)
    looks.look(tmp_path, TEST.reverse().with_columns(score=0.9), "one")  # same rows, in another order
    assert n(tmp_path) == 2
    assert looks.past_looks(tmp_path, TEST)["since"] is not None


def test_fresh_rows_or_other_outcomes_are_another_test(tmp_path):
    looks.look(tmp_path, TEST, "one")
    assert n(tmp_path, TEST[:2]) == 0
    assert n(tmp_path, TEST.with_columns(label=1 - pl.col("label"))) == 0
    looks.look(tmp_path, TEST[:2], "one")
    assert (n(tmp_path), n(tmp_path, TEST[:2])) == (1, 1)
