"""Reasons add up, are the same alone and in a batch, and keep silent about sensitive attributes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.few_rows import FewRows
from models.fitted.model import Model
from models.learners.encoder import Column, Encoder
from models.phrases import theme
from models.reasons import COLUMNS, Explainer, explain, is_sensitive

STAGE = Path("build/made-up/churn")


@pytest.fixture(scope="module")
def model(made_up: Path) -> Model:
    return Model.load(made_up / STAGE / "model")


@pytest.fixture(scope="module")
def rows(made_up: Path) -> pl.DataFrame:
    return pl.read_parquet(made_up / STAGE / "dataset.parquet").filter(pl.col("split") == "test").head(300)


def test_contributions_of_all_themes_add_up_to_the_calibrated_log_odds(model, rows):
    inputs = model.inputs(rows)
    values, base = model.contributions(inputs)
    everything = Explainer(replace(model, card=model.card | {"unsure": {}}))
    lines = everything.lines(values, rows, top=len(model.encoder.names))
    table = pl.DataFrame(lines, schema=COLUMNS, orient="row")
    summed = table.group_by("row").agg(pl.col("contribution").sum()).sort("row")["contribution"].to_numpy()
    expected = model.calibration.log_odds(model.margin(inputs))
    assert np.abs(summed + base - expected).max() < 1e-5


def test_the_largest_come_first_and_the_sign_is_the_direction(model, rows):
    table = Explainer(model).table(rows, top=4)
    assert table.columns == list(COLUMNS)
    size = table.with_columns(pl.col("contribution").abs())
    falls = size.select((pl.col("contribution").diff().over("row") <= 1e-12).fill_null(True).all()).item()
    assert falls
    assert set(table["direction"]) == {"raises", "lowers"}
    assert ((table["contribution"] > 0) == (table["direction"] == "raises")).all()


def test_a_row_alone_has_the_reasons_it_has_in_a_batch(model, rows):
    together = explain(model, rows)
    for at in (0, 7, 299):
        alone = explain(model, rows[at])[0]
        assert [r.code for r in alone] == [r.code for r in together[at]]
        assert [r.text for r in alone] == [r.text for r in together[at]]
        assert [r.contribution for r in alone] == pytest.approx([r.contribution for r in together[at]])


def test_plain_values_have_the_reasons_that_a_frame_has(model, rows):
    """To the last digit, whatever is missing, never seen or negative."""
    rng = np.random.default_rng(2)
    frame = rows
    for column in model.encoder.columns:
        odd = pl.lit("never seen") if column.categories is not None else pl.lit(-1.0)
        gone, other = (pl.Series(rng.random(len(rows)) < share) for share in (0.2, 0.1))
        changed = pl.when(gone).then(None).when(other).then(odd).otherwise(pl.col(column.name))
        frame = frame.with_columns(changed.alias(column.name))
    plain, explainer = FewRows.of(frame), Explainer(model)
    matrix = model.encoder.transform(frame)
    assert np.array_equal(model.encoder._few(plain), matrix, equal_nan=True)
    assert np.array_equal(model.encoder.unseen(plain, matrix), model.encoder.unseen(frame, matrix))
    values = model.contributions(model.inputs(frame))[0]
    told = explainer.lines(values, plain, top=5)
    assert len(told) > len(rows)
    assert told == explainer.lines(values, frame, top=5)


def test_one_reason_a_theme(model, rows):
    for reasons in explain(model, rows, top=5):
        names = [theme(reason.feature) for reason in reasons]
        assert len(names) == len(set(names))


def test_a_sensitive_attribute_counts_but_is_never_told(model, rows):
    secret = model.encoder.names.index("days_since_order")
    columns = list(model.encoder.columns)
    columns[secret] = Column("x_age")
    described = [
        row | {"name": "x_age"} if row["name"] == "days_since_order" else row
        for row in model.card["features"]
    ]
    card = model.card | {
        "features": described,
        "bins": model.card["bins"] | {"x_age": model.card["bins"]["days_since_order"]},
    }
    blind = replace(model, encoder=Encoder(tuple(columns)), card=card)
    told = Explainer(blind).table(rows.rename({"days_since_order": "x_age"}), top=5)
    assert "x_age" not in set(told["feature"])
    assert "days_since_order" in set(Explainer(model).table(rows, top=5)["feature"])


@pytest.mark.parametrize(
    "name", ["x_age", "gender", "x_birth_year", "x_age_group", "content_x_sex", "birth_year"]
)
def test_sensitive_names_are_known(name):
    assert is_sensitive(name)


@pytest.mark.parametrize("name", ["lead_age_days", "region", "x_club", "tenure_days", "x_language"])
def test_other_names_are_not(name):
    assert not is_sensitive(name)


def test_no_rows_no_reasons(model, rows):
    assert explain(model, rows.head(0)) == []
    assert Explainer(model).table(rows.head(0)).schema == COLUMNS


def test_an_unknown_value_and_an_unseen_category_are_said_so(model, rows):
    odd = rows.head(1).with_columns(
        pl.lit(None, dtype=pl.Float64).alias("days_since_order"), pl.lit("elsewhere").alias("region")
    )
    codes = {reason.code for reason in explain(model, odd, top=100)[0]}
    assert "days_since_order:unknown" in codes
    assert not any(code.startswith("region:") and code != "region:other" for code in codes)


def test_many_rows_add_up_as_few_do(model, rows):
    inputs = model.inputs(pl.concat([rows] * 10))
    values, base = model.contributions(inputs)
    few, same = model.contributions(model.inputs(rows))
    assert base == same
    assert np.abs(values[: len(rows)] - few).max() < 1e-5
    assert np.abs(values.sum(axis=1) + base - model.calibration.log_odds(model.margin(inputs))).max() < 1e-5


def test_only_what_surpasses_what_the_bags_differ_by_is_told(model, rows):
    """A theme whose sum is within that says nothing; where all are, no single reason stands out."""
    few, names = rows.head(2), model.encoder.names
    unsure = {theme(names[0]): 0.1, theme(names[3]): 0.5}
    assert len(unsure) == 2
    values = np.zeros((2, len(names)))
    values[0, 0], values[:, 3] = 0.2, 0.4  # the second is larger, and not surely
    careful = Explainer(replace(model, card=model.card | {"unsure": unsure}))
    told = [(line[0], line[list(COLUMNS).index("feature")]) for line in careful.lines(values, few)]
    assert told == [(0, names[0])]


def test_the_bags_of_a_model_are_what_its_contributions_are_the_mean_of(model, rows):
    inputs = model.inputs(rows)
    values = model.by_bag(inputs)
    assert values.shape == (len(rows), len(model.encoder.names), 2)  # as many as the made-up task has
    known = inputs.known
    assert np.allclose(values.mean(axis=2)[known], model.contributions(inputs)[0][known], atol=1e-5)
    assert np.abs(values[:, :, 0] - values[:, :, 1]).max() > 0
    assert model.card["unsure"] == {}  # two tell no interval


def test_what_the_bags_differ_by_is_half_an_interval_of_their_mean(model, rows, monkeypatch):
    values = np.zeros((len(rows), len(model.encoder.names), 5))
    values[:, 0] = np.arange(5.0)
    monkeypatch.setattr(type(model), "by_bag", lambda self, inputs: values)
    unsure = Explainer(model).unsure(rows)
    name = theme(model.encoder.names[0])
    assert unsure.pop(name) == pytest.approx(2.776 * np.std(np.arange(5.0), ddof=1) / np.sqrt(5), rel=1e-3)
    assert set(unsure.values()) == {0.0}
