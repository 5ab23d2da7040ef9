"""What the audit of undated columns finds among tables filled in afterwards, and says of honest ones."""

import late_tables
import narwhals as nw
import numpy as np
import polars as pl
import pytest

from features.feature import Feature
from models.learners.encoder import Encoder
from training.evaluation.target_leakage import SplitHalves, deciding
from training.stages.audit import columns

SEEDS = range(1)
STOPPED = sorted(set(late_tables.LATE) - {"two_scores"})


def looked(rows: pl.DataFrame, accepted: dict[str, str] | None = None) -> dict[str, dict[str, object]]:
    """The checks of a table's columns, by name."""
    past = rows.filter(pl.col("split") != "test")
    encoder = encoded(past)
    found = columns(past, encoder, "subject_id", encoder.names, accepted or {}, 7)
    return {check["check"]: check for check in found["checks"]}


def encoded(past: pl.DataFrame) -> Encoder:
    own = [name for name in past.columns if name.startswith("x_")]
    kinds = {name: "category" if past[name].dtype == pl.String else "number" for name in own}
    return Encoder.fit(past, [Feature(name, lambda _: nw.lit(0), kinds[name], name, name) for name in own])


def named(found: dict[str, dict[str, object]], result: str) -> set[str]:
    """Columns named by checks with this result."""
    told = [str(check["feature"]).split(", ") for check in found.values() if check["result"] == result]
    return {name for names in told for name in names}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", STOPPED)
def test_what_is_filled_in_afterwards_is_stopped_and_all_of_it_named(kind, seed):
    found = looked(late_tables.late(kind, seed))
    made = late_tables.LATE[kind](np.random.default_rng(0), np.ones(late_tables.ROWS, dtype=bool))
    assert named(found, "bad")
    assert named(found, "bad") <= set(made)
    assert named(found, "bad") | named(found, "warn") >= set(made)


def test_what_looks_like_any_good_number_is_only_suspected():
    found = looked(late_tables.late("two_scores", 0))
    assert not named(found, "bad")
    assert named(found, "warn") == {"vendor_a", "vendor_b"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", sorted(late_tables.HONEST))
def test_honest_tables_are_not_stopped(kind, seed):
    found = looked(late_tables.honest(kind, seed))
    assert {check["result"] for check in found.values()} <= {"good", "warn"}
    assert len(named(found, "warn")) <= 2


def test_a_value_that_its_neighbours_explain_does_not_decide_and_one_that_stands_out_is_a_suspect():
    for kind, sure in (("nobody_leaves_late", None), ("everybody_leaves_at_once", False)):
        past = late_tables.honest(kind, 0)
        found = deciding(past, encoded(past), encoded(past).names, 7)
        assert [line["sure"] for line in found] == ([] if sure is None else [sure])
        base = past["label"].to_numpy().mean()
        pure = past.group_by("x_tenure").agg(pl.len(), pl.col("label").sum()).filter(pl.col("label") == 0)
        assert sure is False or (1 - base) ** pure["len"].max() < 1e-9  # the base rate would have stopped it


def test_twins_that_decide_do_not_explain_each_other():
    rng = np.random.default_rng(0)
    label, made = late_tables.leads(rng)
    paid = label & (rng.random(len(label)) < 0.3)
    rows = late_tables.rows(label, made | {"paid": paid * 9.5, "invoice": np.where(paid, "sent", "none")})
    assert named({"decides": looked(rows)["decides"]}, "bad") == {"paid", "invoice"}


def test_accepted_columns_are_no_suspects():
    kind, why = "in_one_act", "written at the first call"
    found = looked(late_tables.late(kind, 0), dict.fromkeys(("profile", "score_a", "score_b"), why))
    assert {check["result"] for check in found.values()} == {"good"}


def test_halves_hold_a_subject_together():
    rows = late_tables.honest("leads", 0).with_columns(subject_id=pl.col("row_id") // 7)
    halves = SplitHalves.of(rows, encoded(rows), "subject_id", 1)
    assert not set(halves.subject[halves.learn]) & set(halves.subject[~halves.learn])
