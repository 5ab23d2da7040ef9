"""Warnings name what the model has not seen, and only that."""

from dataclasses import replace

import polars as pl
import pytest

from serving.champion.input_warnings import InputWarnings
from serving.state import State


@pytest.fixture
def row(state: State) -> pl.DataFrame:
    """A row without any doubt."""
    champion = state.champions["churn"]
    assert champion.snapshot is not None
    frame, found = champion.snapshot.frame, InputWarnings(champion.scorer.model).of(champion.snapshot.frame)
    return frame[[at for at in range(len(frame)) if at not in found][:1]]


def test_a_usual_row_has_no_warning(state: State, row: pl.DataFrame):
    assert InputWarnings(state.champions["churn"].scorer.model).of(row) == {}


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("region", pl.lit("atlantis"), "unseen_category"),
        ("orders", pl.lit(1e9), "out_of_range"),
        ("orders", pl.lit(-5.0), "out_of_range"),
        ("orders", pl.lit(None, dtype=pl.Float64), "imputed"),
    ],
)
def test_what_is_unusual_is_named(state: State, row: pl.DataFrame, column: str, value: pl.Expr, code: str):
    odd = row.with_columns(value.alias(column))
    found = InputWarnings(state.champions["churn"].scorer.model).of(pl.concat([row, odd]))
    assert found == {1: [{"code": code, "features": [column]}]}


def test_many_rows_and_single_rows_agree(state: State):
    champion = state.champions["churn"]
    assert champion.snapshot is not None
    doubts, frame = InputWarnings(champion.scorer.model), champion.snapshot.frame
    together = doubts.of(frame)
    assert {at: one[0] for at in range(len(frame)) if (one := doubts.of(frame[at : at + 1]))} == together


def test_a_model_that_learnt_little_says_so_of_those_it_is_about(state: State, row: pl.DataFrame):
    model = state.champions["churn"].scorer.model
    short = [{"column": "region", "segment": "atlantis", "lacks": ["…"]}]
    few = row.with_columns(region=pl.lit("atlantis"))
    thin = InputWarnings(replace(model, card=model.card | {"short": short}))
    assert thin.thin(pl.concat([row, few])) == {1: [{"code": "thin_segment", "features": ["region"]}]}
    assert {"code": "thin_segment", "features": ["region"]} in thin.of(few)[0]
    everywhere = [{"column": None, "segment": None, "lacks": ["…"]}]
    thin = InputWarnings(replace(model, card=model.card | {"short": everywhere}))
    assert thin.of(row) == {0: [{"code": "thin_data", "features": []}]}
