"""What a model has not learnt scores within what it has learnt, near the mean, and its reasons add up."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from features.feature import Feature
from models.fitted import observed_rates
from models.fitted.model import Model
from models.fitted.unknown import STAND_INS
from models.learners import boosting
from models.learners.calibration import Calibration
from models.learners.encoder import Encoder
from models.scorer import INSUFFICIENT, OK, Population, Scorer, withheld

RATES = {"search": 0.03, "social": 0.01, "store": 0.02, "referral": 0.3, "mail": 0.005, "call": 0.08}
SHARES = (0.3, 0.3, 0.2, 0.03, 0.12, 0.05)
FEATURES = [
    Feature(name, lambda rows: rows["x"].max(), unit, name, name)
    for name, unit in {"source": "category", "page": "category", "cost": "cents", "visits": "visits"}.items()
]


def frame(rows: int, seed: int) -> pl.DataFrame:
    """No source and no cost is ever missing; a page is missing where a lead came by phone."""
    rng = np.random.default_rng(seed)
    source = rng.choice(list(RATES), rows, p=SHARES)
    page = [None if s == "call" else p for s, p in zip(source, rng.choice(["a", "b"], rows), strict=True)]
    return pl.DataFrame(
        {
            "source": source,
            "page": page,
            "cost": rng.gamma(2, 500, rows).round(),
            "visits": rng.poisson(2, rows).astype(float),
        }
    )


def fitted(seed: int) -> Model:
    rows, rng = frame(20_000, seed), np.random.default_rng(seed)
    odds = np.log([RATES[s] / (1 - RATES[s]) for s in rows["source"]]) + 0.3 * (rows["visits"].to_numpy() - 2)
    label = (rng.random(len(rows)) < 1 / (1 + np.exp(-odds))).astype(int)
    encoder = Encoder.fit(rows, FEATURES)
    settings = {"max_depth": 5, "learning_rate": 0.1, "min_child_weight": 2.0, "subsample": 0.8}
    booster, _ = boosting.train(settings, encoder.transform(rows), label, encoder.feature_types, seed, 80)
    bands = [{"name": n, "low": low, "rate": 0.1} for n, low in (("A", 0.1), ("B", 0.02), ("C", 0.0))]
    card = {"bins": observed_rates.observed(rows, label, encoder), "bands": bands}
    return Model(booster, encoder, Calibration(0.9, -0.05), card)


@pytest.fixture(scope="module", params=[1, 2])
def model(request: pytest.FixtureRequest) -> Model:
    return fitted(request.param)


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return frame(300, 9)


@pytest.mark.parametrize("name", ["source", "page"])
@pytest.mark.parametrize("value", ["never seen", "SEARCH", ""])
def test_an_unseen_category_scores_within_the_seen_ones_at_their_weighted_mean(model, rows, name, value):
    entry = model.card["bins"][name]
    seen = np.stack(
        [model.probability(rows.with_columns(pl.lit(c).alias(name))) for c in entry["categories"]]
    )
    found = model.probability(rows.with_columns(pl.lit(value).alias(name)))
    assert (found >= seen.min(axis=0)).all()
    assert (found <= seen.max(axis=0)).all()
    n = np.array(entry["n"][:-1])
    assert found == pytest.approx((n[:, None] * seen).sum(axis=0) / n.sum(), rel=0.15, abs=0.003)


def test_a_value_that_was_never_missing_scores_as_its_mean_where_it_is(model, rows):
    shown = model.unknown.stand_ins[:, model.encoder.names.index("cost")]
    seen = np.stack([model.probability(rows.with_columns(pl.lit(float(v)).alias("cost"))) for v in shown])
    found = model.probability(rows.with_columns(pl.lit(None, dtype=pl.Float64).alias("cost")))
    assert found == pytest.approx(seen.mean(axis=0), rel=0.02)


def test_missing_where_it_was_learnt_is_a_value_like_any_other(model, rows):
    gone = rows.with_columns(pl.lit(None, dtype=pl.String).alias("page"))
    inputs = model.inputs(gone)
    assert not inputs.unknown.any()
    raw = model.booster.inplace_predict(inputs.matrix, predict_type="margin")
    np.testing.assert_array_equal(model.margin(inputs), raw)


def test_a_new_channel_is_no_better_than_the_rest(model):
    """A new value of a strong input fills the best fifth as others do, not nearly alone."""
    rows = frame(5_000, 3)
    new = rows.with_columns(
        source=pl.when(pl.int_range(pl.len()) % 4 == 0).then(pl.lit("new")).otherwise("source")
    )
    best = model.probability(new) >= np.quantile(model.probability(new), 0.8)
    assert best[np.arange(len(new)) % 4 == 0].mean() < 0.4


def test_nothing_known_at_all_scores_near_the_base_rate(model, rows):
    nothing = rows.head(1).with_columns(pl.lit(None).cast(rows.schema[c]).alias(c) for c in rows.columns)
    assert model.probability(nothing)[0] < 2 * model.probability(frame(5_000, 4)).mean()


def test_reasons_add_up_where_inputs_are_unknown_alone_and_in_a_batch(model, rows):
    odd = rows.with_columns(
        source=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("new")).otherwise("source"),
        cost=pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise("cost"),
    )
    inputs = model.inputs(odd)
    values, base = model.contributions(inputs)
    log_odds = model.calibration.log_odds(model.margin(inputs))
    assert np.abs(values.sum(axis=1) + base - log_odds).max() < 1e-5
    alone, _ = model.contributions(model.inputs(odd[:1]))
    np.testing.assert_allclose(alone[0], values[0], atol=1e-6)


def test_stand_ins_have_the_proportions_of_training(model):
    at = model.encoder.names.index("source")
    codes = model.unknown.stand_ins[:, at].astype(int)
    entry = model.card["bins"]["source"]
    shares = np.bincount(codes, minlength=len(RATES)) / STAND_INS
    assert np.abs(shares - np.array(entry["n"][:-1]) / sum(entry["n"])).max() <= 1 / STAND_INS


def test_too_much_unknown_is_a_status_without_a_band(model, rows):
    weights = {"source": 0.7, "page": 0.1, "cost": 0.1, "visits": 0.1}
    model = replace(model, card=model.card | {"weights": weights, "max_unknown": 0.5})
    scorer = Scorer(model, Population.of(model.probability(rows), "2026-07-01T00:00:00Z"))
    odd = rows.head(3).with_columns(source=pl.Series(["search", "new", None]))
    found = scorer.numbers(odd)
    assert found["status"].to_list() == [OK, INSUFFICIENT, INSUFFICIENT]
    told = found.select("band", "score", "percentile").rows()
    assert None not in told[0]
    assert told[1:] == [(None, None, None)] * 2
    assert found["probability"].null_count() == 0
    assert withheld(found.row(0, named=True))["band"] is None


def test_trees_alone_send_an_unseen_category_astray(model, rows):
    """Why all this: without stand-ins an unseen source is far from the mean of the seen ones."""
    new = rows.with_columns(source=pl.lit("new"))
    raw = model.booster.inplace_predict(model.encoder.transform(new), predict_type="margin")
    gap = np.abs(model.margin(model.inputs(new)) - raw)
    assert gap.mean() > 0.3


@pytest.mark.parametrize("names", [["source"], ["cost"], ["source", "cost"]])
def test_for_stand_ins_only_what_they_change_is_computed_again(model, rows, names):
    empty = [pl.lit(None, rows.schema[name]).alias(name) for name in names]
    some = pl.concat([rows.head(5), rows[5:9].with_columns(empty)])
    inputs = model.inputs(some)
    assert inputs.rows.tolist() == [5, 6, 7, 8]
    whole = model.unknown.mean(inputs, model._values)
    np.testing.assert_allclose(
        model.unknown.mean(inputs, model._values, model._tree_shap.part), whole, atol=1e-6
    )
