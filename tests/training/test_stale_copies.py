"""Copies whose newest days are not known, and columns that bring nothing out of fold."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from features.feature import DAY, Feature
from training.data.stale_copies import stale_copies
from training.evaluation.useful_columns import useful

SPINE = pl.DataFrame({"row_id": [3, 9, 4], "as_of": [100 * DAY, 200 * DAY, 300 * DAY]})


def test_each_copy_draws_how_much_it_does_not_know():
    found = stale_copies(SPINE, days=30, copies=40, seed=1)
    assert found["row_id"].n_unique() == found.height == 3 * 41
    asked, copied = found.head(3), found.tail(-3)
    assert (asked["known_until"] == asked["as_of"]).all()
    cut = (copied["as_of"] - copied["known_until"]) / DAY
    assert (cut.min(), cut.max()) == (1, 30)
    assert copied.join(SPINE, left_on=["copy_of", "as_of"], right_on=["row_id", "as_of"]).height == 120


@pytest.mark.parametrize(("days", "copies"), [(0, 1), (30, 0)])
def test_nothing_to_cut_off_is_refused(days, copies):
    with pytest.raises(ValueError, match="must be at least 1"):
        stale_copies(SPINE, days, copies, seed=1)


def rows(seed: int, n: int = 1_500) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    said = rng.normal(size=n)
    label = (rng.random(n) < 1 / (1 + np.exp(-2 * said))).astype(np.int8)
    noise = {f"noise_{at}": rng.normal(size=n) for at in range(30)}
    return pl.DataFrame({"said": said, **noise, "label": label})


def test_what_says_something_stays_and_most_of_what_does_not_goes():
    names = [name for name in rows(0).columns if name != "label"]
    features = [Feature(name, nw.lit(None), "number", name, name) for name in names]
    found = useful([(rows(0), rows(1)), (rows(2), rows(3))], features, seed=0)
    assert max(found, key=lambda name: found[name]) == "said"
    assert len(found) <= 16


def test_without_both_outcomes_nothing_is_told():
    one = rows(0).with_columns(label=pl.lit(1, pl.Int8))
    with pytest.raises(ValueError, match="no fold has both outcomes"):
        useful([(one, one)], [Feature("said", nw.lit(None), "number", "s", "s")], seed=0)
