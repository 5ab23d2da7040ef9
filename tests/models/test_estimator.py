"""The estimator keeps scikit-learn's contract and says what a released model says."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
import shap
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from models.estimator import MemberClassifier
from models.learners.recipe import ESTIMATORS

mpl.use("Agg")


@pytest.fixture(scope="module")
def rows() -> tuple[pd.DataFrame, pd.Series]:
    """Numbers with gaps, a category with an effect, a truth value and noise."""
    rng = np.random.default_rng(5)
    n = 1200
    X = pd.DataFrame(
        {
            "orders": np.where(rng.random(n) < 0.2, np.nan, rng.poisson(3, n)),
            "region": pd.Categorical(rng.choice(["north", "south", "west"], n)),
            "club": rng.random(n) < 0.5,
            "noise": rng.normal(size=n),
        }
    )
    odds = 0.5 * X["orders"].fillna(0) - 2 + 1.5 * (X["region"] == "south") + 0.5 * X["club"]
    return X, pd.Series((rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int))


@pytest.fixture(scope="module")
def model(rows: tuple[pd.DataFrame, pd.Series]) -> MemberClassifier:
    return MemberClassifier(rounds=40, learning_rate=0.1, max_depth=3).fit(*rows)


def test_a_fitted_estimator_ranks_and_is_calibrated(model, rows):
    X, y = rows
    probability = model.predict_proba(X)
    assert probability.shape == (len(X), 2)
    assert probability.sum(axis=1) == pytest.approx(1)
    assert roc_auc_score(y, probability[:, 1]) > 0.75
    assert probability[:, 1].mean() == pytest.approx(y.mean(), abs=0.03)
    assert (model.predict(X) == (probability[:, 1] > 0.5)).all()
    assert list(model.feature_names_in_) == list(X.columns)


def test_columns_go_by_name_and_their_order_does_not_matter(model, rows):
    X, _ = rows
    turned = X[X.columns[::-1]].assign(another=1)
    assert (model.predict_proba(turned) == model.predict_proba(X)).all()
    assert (model.predict_proba(pl.from_pandas(X, nan_to_null=True)) == model.predict_proba(X)).all()


def test_a_clone_is_unfitted_and_fits_to_the_same(model, rows):
    again = clone(model)
    with pytest.raises(NotFittedError):
        again.predict_proba(rows[0])
    assert again.get_params() == model.get_params()
    assert (again.fit(*rows).predict_proba(rows[0]) == model.predict_proba(rows[0])).all()


def test_pipelines_searches_and_cross_validation_take_it(rows):
    X, y = rows
    recipe = make_pipeline(
        FunctionTransformer(lambda X: X.drop(columns="noise")), MemberClassifier(rounds=20)
    )
    assert cross_val_score(recipe, X, y, cv=TimeSeriesSplit(3), scoring="roc_auc").min() > 0.65
    search = GridSearchCV(
        MemberClassifier(rounds=20), {"max_depth": [2, 4]}, cv=TimeSeriesSplit(2), scoring="roc_auc"
    )
    assert search.fit(X, y).best_params_["max_depth"] in (2, 4)


def test_contributions_add_up(model, rows):
    X = rows[0].tail(60)
    told = model.explain(X)
    assert isinstance(told, shap.Explanation)
    assert told.values.shape == X.shape
    total = told.values.sum(axis=1) + told.base_values
    assert total == pytest.approx(model.decision_function(X), abs=1e-5)


def drawn(draw, part) -> list[str]:
    """Return what stands on the axes of a plot of shap's."""
    import matplotlib.pyplot as plt

    draw(part, show=False)
    plt.gcf().canvas.draw()
    texts = [text.get_text() for ax in plt.gcf().axes for text in ax.get_xticklabels() + ax.get_yticklabels()]
    plt.close("all")
    return texts


@pytest.mark.parametrize("draw", [shap.plots.beeswarm, shap.plots.bar, shap.plots.violin, shap.plots.heatmap])
def test_shap_draws_every_feature_categories_too(model, rows, draw):
    assert {"orders", "region", "club", "noise"} <= set(drawn(draw, model.explain(rows[0].tail(60))))


def test_shap_draws_categories_by_their_values(model, rows):
    X = rows[0].tail(60)
    told = model.explain(X)
    assert (told.display_data[:, 1] == X["region"].astype(str)).all()
    assert {"north", "south", "west"} <= set(drawn(shap.plots.scatter, told[:, "region"]))
    for part in (told[7], told[5:9][2]):
        assert f"{X['region'].iloc[7]} = region" in drawn(shap.plots.waterfall, part)


def test_shap_parts_rows_into_cohorts_by_a_tree_or_by_name(model, rows):
    X = rows[0].tail(60)
    told = model.explain(X)
    for cohorts in (told.cohorts(2), told.cohorts(X["region"].tolist())):
        assert sum(len(part.values) for part in cohorts.cohorts.values()) == 60
        assert any("region" in text for text in drawn(shap.plots.bar, cohorts.abs.mean(0)))


def test_reasons_are_told_in_words(model, rows):
    told = model.explain(rows[0].tail(4))
    sentences = told.sentences("zh", top=2)
    assert [len(one) for one in sentences] == [2, 2, 2, 2]
    assert all(len(reason) > 8 for reasons in sentences for reason in reasons)
    assert any("Region" in reason for reasons in sentences for reason in reasons)
    assert told[1:3].sentences("zh", top=2) == sentences[1:3]
    assert told[1:3].feature_names == told.feature_names
    with pytest.raises(ValueError, match="language 'fr': en or zh"):
        told.sentences("fr")


def test_a_category_that_was_never_seen_lies_between_those_that_were(model, rows):
    X = rows[0].head(1)
    seen = [model.predict_proba(X.assign(region=name))[0, 1] for name in ("north", "south", "west")]
    assert min(seen) <= model.predict_proba(X.assign(region="moon"))[0, 1] <= max(seen)


def test_a_saved_model_is_read_as_the_same_estimator(model, rows, tmp_path: Path):
    model.model_.save(tmp_path)
    read = MemberClassifier.released(tmp_path)
    assert (read.predict_proba(rows[0]) == model.predict_proba(rows[0])).all()
    assert read.get_params() == model.get_params()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, y[:-1]), r"y: found shape \(1199,\), needs \(1200,\)"),
        (lambda X, y: (X, y + 1), r"y: needs 0 and 1, found \[1, 2\]"),
        (lambda X, y: (X, y * 0), r"y: needs 0 and 1, found \[0\]"),
        (lambda X, y: (X.to_numpy(), y), "X: needs a frame with named columns, found ndarray"),
    ],
)
def test_wrong_input_is_named(rows, change, message):
    with pytest.raises((ValueError, TypeError), match=message):
        MemberClassifier(5).fit(*change(*rows))


def test_a_missing_column_is_named(model, rows):
    with pytest.raises(ValueError, match="orders"):
        model.predict_proba(rows[0].drop(columns="orders"))


def test_rows_of_an_explanation_say_their_own_sentences(model, rows):
    told = model.explain(rows[0].head(6))
    every = told.sentences("en")
    chosen = np.array([True, False, False, True, False, False])
    for item, places in (
        (slice(1, 3), [1, 2]),
        (2, [2]),
        ([4, 0], [4, 0]),
        (np.argsort([2, 0, 1]), [1, 2, 0]),
    ):
        assert told[item].sentences("en") == [every[at] for at in places]
        assert np.ravel(told[item].values).tolist() == told.values[places].ravel().tolist()
    assert told[chosen].sentences("en") == told[pd.Series(chosen)].sentences("en") == [every[0], every[3]]
    assert told[chosen].values.shape == (2, 4)
    shap.plots.waterfall(told[2], show=False)


def test_texts_in_place_of_numbers_are_named(model, rows):
    for use in (model.predict_proba, model.explain):
        with pytest.raises(ValueError, match="X: orders is a number to the model, found texts"):
            use(rows[0].head(2).assign(orders="many"))


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"estimator": "forest"}, f"estimator 'forest': {', '.join(ESTIMATORS)}"),
        ({"rounds": 0}, "rounds 0, bags 1"),
        ({"bags": 0}, "bags 0: at least 1"),
    ],
)
def test_a_recipe_that_cannot_be_is_no_recipe(rows, own, said):
    with pytest.raises(ValueError, match=said):
        MemberClassifier(**own).fit(*rows)
