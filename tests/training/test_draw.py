"""Where there are more subjects than are needed some are drawn, whole, and what holds of everybody stays."""

import polars as pl
import pytest
import stages
from worlds import finished, raw_world

from features.timestamps import extract_moment
from models.task import task as task_named
from training.data import spine as spines
from training.data.artifacts import DRAWN
from training.data.draw import at_most
from training.stages.dataset import labelled_spine

MEMBERS = 1_500


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.LazyFrame]:
    return {name: frame.lazy() for name, frame in finished(raw_world(4, MEMBERS, 9_000)).items()}


def questions(tables, limit):
    params = stages.params()
    spine = params.spine.churn.model_copy(update={"max_subjects": limit})
    end = extract_moment({"extracted_at": "2025-08-01T00:00:00+00:00"})
    return labelled_spine(task_named("churn"), tables, spine, params, end, None)


def test_drawn_subjects_have_all_their_questions_and_labels(tables):
    every, told = questions(tables, None)
    some, drawn = questions(tables, 1_000)
    assert told[0]["step"] == "asked"
    assert drawn[0]["step"] == f"{DRAWN}{MEMBERS:,}"
    kept = some["member_id"].unique()
    assert 850 < len(kept) / every["member_id"].n_unique() * MEMBERS < 1_150
    same = every.filter(pl.col("member_id").is_in(kept.implode())).drop("row_id")
    assert some.drop("row_id").equals(same.select(some.drop("row_id").columns))


def test_the_same_are_drawn_whatever_lies_beside_them(tables, tmp_path):
    """A member who is drawn from some stays drawn, with the same share, among others."""
    spine = stages.params().spine.churn.model_copy(update={"max_subjects": 1_000})
    task = task_named("churn")
    first = at_most(task, tables, spine, tmp_path).tables["members"].collect()["member_id"]
    turned = {name: rows.reverse() for name, rows in tables.items()}
    (tmp_path / "again").mkdir()
    again = at_most(task, turned, spine, tmp_path / "again").tables["members"].collect()["member_id"]
    assert set(first) == set(again)


def test_what_holds_of_everybody_is_found_in_all(tables, tmp_path):
    """The first purchase of all begins the cut-offs, whether its member is drawn or not."""
    spine = stages.params().spine.churn.model_copy(update={"max_subjects": 1_000})
    asked = at_most(task_named("churn"), tables, spine, tmp_path)
    known = asked.task.population.everybody(tables, spine)
    assert asked.task.population.known.equals(known)


def test_few_are_left_as_they_are(tables, tmp_path):
    spine = stages.params().spine.churn.model_copy(update={"max_subjects": MEMBERS})
    asked = at_most(task_named("churn"), tables, spine, tmp_path)
    assert asked.drawn_from is None
    assert asked.tables is tables
    assert spines.dated(spine)
