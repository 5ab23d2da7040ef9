"""Copies whose newest days are not known, and columns that bring nothing out of fold."""

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from features.feature import DAY, Feature
from models.population import Spine, Stale
from training.data.rows import is_fresh
from training.data.stale_copies import stale_copies, with_stale
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


def test_only_a_share_of_the_training_rows_is_asked_of_tables_that_stopped():
    asked = pl.DataFrame({"as_of": 500 * DAY, "split": ["train", "valid", "test", "gap"] * 500})
    found = with_stale(asked, Stale(share=0.3, days=(7, 30)), seed=1)
    gone = found.with_columns(days=(pl.col("as_of") - pl.col("known_until")) / DAY).filter(pl.col("days") > 0)
    assert gone["split"].unique().to_list() == ["train"]
    assert len(gone) == pytest.approx(150, abs=40)
    assert (gone["days"].min(), gone["days"].max()) == (7, 30)
    assert is_fresh(found).sum() == len(found) - len(gone)
    assert with_stale(asked, None, seed=1) is asked
    assert is_fresh(asked).all()
    assert "stale" not in Spine(days=30).told()  # off, nothing of a data set's files changes
    with pytest.raises(ValueError, match="from at least 1 up"):
        Stale(days=(30, 7))


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
