"""Outcome rates by value."""

import numpy as np
import polars as pl
import pytest

from models.fitted.observed_rates import edges, observed, parts
from models.learners.encoder import Column, Encoder


@pytest.mark.parametrize("seed", range(5))
def test_parts_hold_every_row_once_and_their_rates_average_to_the_base_rate(seed):
    rng = np.random.default_rng(seed)
    n = 500
    frame = pl.DataFrame(
        {
            "number": pl.Series(rng.poisson(2, n) * rng.random(n)).set(pl.Series(rng.random(n) < 0.2), None),
            "kind": rng.choice(["a", "b", "never seen", None], n),
        }
    )
    label = rng.integers(0, 2, n)
    found = observed(frame, label, Encoder((Column("number"), Column("kind", ("a", "b")))))
    for entry in found.values():
        assert sum(entry["n"]) == n
        hits = sum(c * r for c, r in zip(entry["n"], entry["rate"], strict=True) if c)
        assert hits == pytest.approx(label.sum(), abs=1e-3)
    assert found["number"]["n"][-1] == frame["number"].null_count()
    assert found["kind"]["n"][-1] == (~frame["kind"].is_in(["a", "b"]).fill_null(False)).sum()


@pytest.mark.parametrize("seed", range(5))
def test_zero_is_a_part_of_its_own_where_it_is_the_least_value(seed):
    values = np.random.default_rng(seed).poisson(0.4, 400).astype(float) * np.arange(400)
    entry = {"edges": edges(values)}
    place = parts(pl.Series(values), entry)
    assert set(place[values == 0]) == {0}
    assert 0 not in place[values > 0]


def test_a_value_lies_between_the_edges_of_its_part():
    entry = {"edges": [1.0, 5.0]}
    assert parts(pl.Series([0.0, 1.0, 4.9, 5.0, None]), entry).tolist() == [0, 1, 1, 2, 3]


def test_an_empty_frame_has_empty_parts():
    found = observed(pl.DataFrame({"a": pl.Series([], dtype=pl.Float64)}), [], Encoder((Column("a"),)))
    assert found == {"a": {"edges": [], "n": [0, 0], "rate": [None, None]}}


def test_few_values_have_the_parts_that_they_have_among_many():
    values = pl.Series(["None", "a", None, "never seen"] * 50)
    entry = {"categories": ["None", "a"]}
    assert parts(values[:4], entry).tolist() == parts(values, entry)[:4].tolist() == [0, 1, 2, 2]
